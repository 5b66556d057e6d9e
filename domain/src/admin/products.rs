//! What is sold: products.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::{
    audit::Auditor,
    ports::{ProductDeleted, ProductStore},
};
use crate::{
    clock::{Clock, Instant},
    error::{Failure, Fault, Refusal, Refusals},
    id::{IdSource, ProductId},
    money::{Currency, Money, MoneyError},
    page::{Page, PageRequest},
    text,
    user::Administrator,
};

/// A product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Identity.
    pub id: ProductId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// What it costs outside of a campaign.
    pub list_price: Money,
    /// A picture of it.
    pub image_url: Option<String>,
    /// When it was created.
    pub created_at: Instant,
    /// When it was taken out of the range. Old campaigns still show it.
    pub deleted_at: Option<Instant>,
}

/// Why a product was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "described in the graph, under ProductErrorCode")]
pub enum ProductRefusal {
    ProductNotFound,
    InvalidName,
    InvalidDescription,
    InvalidPrice,
    WrongCurrency,
    InvalidImageUrl,
    InUse,
}

/// What a new product is made of, or what an update replaces (`None` leaves as it is).
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of the graph's CreateProductInput")]
pub struct ProductForm {
    pub name: Option<String>,
    pub description: Option<String>,
    pub list_price: Option<(Decimal, Currency)>,
    /// `Some(None)` takes the picture away.
    pub image_url: Option<Option<String>>,
}

/// Keeps products.
pub struct Products {
    store: Arc<dyn ProductStore>,
    auditor: Auditor,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    currency: Currency,
}

impl Products {
    /// Wires the service. `currency` is the shop's one currency.
    pub fn new(
        store: Arc<dyn ProductStore>,
        auditor: Auditor,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        currency: Currency,
    ) -> Self {
        Self { store, auditor, clock, ids, currency }
    }

    /// Makes a product.
    pub async fn create(&self, admin: Administrator, form: ProductForm) -> Result<Product, Failure<ProductRefusal>> {
        let now = self.clock.now();
        let blank = Product {
            id: self.ids.next(now),
            name: String::new(),
            description: String::new(),
            list_price: Money::new(0, self.currency),
            image_url: None,
            created_at: now,
            deleted_at: None,
        };
        let product = self.filled(blank, form)?;
        let audit = self.auditor.entry(admin, "createProduct", product.id, product.name.clone());
        self.store.insert(&product, &audit).await?;
        Ok(product)
    }

    /// Changes what is given of a product.
    pub async fn update(
        &self,
        admin: Administrator,
        id: ProductId,
        form: ProductForm,
    ) -> Result<Product, Failure<ProductRefusal>> {
        let before =
            self.by_ids(&[id]).await?.pop().filter(|product| product.deleted_at.is_none()).ok_or_else(not_found)?;
        let product = self.filled(before.clone(), form)?;
        let audit = self.auditor.entry(admin, "updateProduct", id, product.name.clone());
        if self.store.save(&before, &product, &audit).await? { Ok(product) } else { Err(not_found().into()) }
    }

    /// Takes a product out of the range. Campaigns that are over still show it.
    pub async fn delete(&self, admin: Administrator, id: ProductId) -> Result<ProductId, Failure<ProductRefusal>> {
        let audit = self.auditor.entry(admin, "deleteProduct", id, String::new());
        match self.store.delete(id, self.clock.now(), &audit).await? {
            ProductDeleted::Deleted => Ok(id),
            ProductDeleted::NotFound => Err(not_found().into()),
            ProductDeleted::InUse(campaign) => {
                Err(Refusal::new(ProductRefusal::InUse, format!("{campaign} sells it and is not over")).into())
            }
        }
    }

    /// Many products at once, deleted ones too; unknown ids are left out.
    pub async fn by_ids(&self, ids: &[ProductId]) -> Result<Vec<Product>, Fault> {
        self.store.by_ids(ids).await
    }

    /// The range.
    pub async fn list(&self, _: Administrator, page: &PageRequest<ProductId>) -> Result<Page<Product>, Fault> {
        self.store.list(page).await
    }

    fn filled(&self, mut product: Product, form: ProductForm) -> Result<Product, Failure<ProductRefusal>> {
        use ProductRefusal as Code;
        let mut refusals = Refusals::default();
        if let Some(name) = form.name {
            name.trim().clone_into(&mut product.name);
        }
        if !text::fits(&product.name, 1, 120, false) {
            refusals.push(Refusal::at(Code::InvalidName, "name", "a name has 1 to 120 characters"));
        }
        if let Some(description) = form.description {
            product.description = description;
        }
        if !text::fits(&product.description, 0, 5_000, true) {
            refusals.push(Refusal::at(Code::InvalidDescription, "description", "at most 5000 characters"));
        }
        if let Some((amount, currency)) = form.list_price {
            let price = price(amount, currency, self.currency).map_err(|error| {
                let code =
                    if matches!(error, PriceError::Currency(_)) { Code::WrongCurrency } else { Code::InvalidPrice };
                Refusal::at(code, "listPrice", error.to_string())
            });
            product.list_price = refusals.keep(price).unwrap_or(product.list_price);
        }
        if let Some(image_url) = form.image_url {
            product.image_url = image_url;
        }
        let image_fits = product.image_url.as_deref().is_none_or(|url| {
            url.len() <= 2_000
                && (url.starts_with("https://")
                    || url.starts_with("http://")
                    || (url.starts_with('/') && !url.starts_with("//")))
                && !url.chars().any(|c| c.is_whitespace() || c.is_control())
        });
        if !image_fits {
            refusals.push(Refusal::at(
                Code::InvalidImageUrl,
                "imageUrl",
                "an http(s) address or a path, at most 2000 characters",
            ));
        }
        refusals.check()?;
        Ok(product)
    }
}

fn not_found() -> Refusal<ProductRefusal> {
    Refusal::at(ProductRefusal::ProductNotFound, "productId", "there is no such product")
}

/// Why an amount is not a price here.
#[derive(Debug, thiserror::Error)]
pub enum PriceError {
    /// Not the shop's currency.
    #[error("prices are in {0}")]
    Currency(Currency),
    /// Not an amount.
    #[error(transparent)]
    Amount(#[from] MoneyError),
    /// Negative.
    #[error("a price is not negative")]
    Negative,
}

/// Reads a price in the shop's currency.
pub fn price(amount: Decimal, currency: Currency, shop: Currency) -> Result<Money, PriceError> {
    if currency != shop {
        return Err(PriceError::Currency(shop));
    }
    let price = Money::from_decimal(amount, currency)?;
    if price.minor < 0 { Err(PriceError::Negative) } else { Ok(price) }
}
