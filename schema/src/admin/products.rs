//! Keeping products.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use domain::admin::products::ProductForm;

use super::errors::ProductErrorCode;
use crate::{
    context::Asked,
    document::Limits,
    errors::Result,
    graph::{Graph, root},
    ids,
    link::ProductRef,
    payload::{outcome, payload},
    scalars::MoneyInput,
};

/// A new product.
#[derive(InputObject)]
pub struct CreateProductInput {
    /// Its name: 1 to 120 characters.
    name: String,
    /// What it is, at most 5000 characters.
    #[graphql(default)]
    description: String,
    /// What it costs outside of campaigns, in the shop's currency.
    list_price: MoneyInput,
    /// The address of a picture of it: http(s) or a path.
    image_url: Option<String>,
}

/// What to change of a product. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateProductInput {
    /// Which product.
    product_id: ID,
    /// Its new name.
    name: Option<String>,
    /// Its new description.
    description: Option<String>,
    /// Its new price outside of campaigns. Campaigns have prices of their own.
    list_price: Option<MoneyInput>,
    /// The address of a new picture; null takes the picture away.
    image_url: MaybeUndefined<String>,
}

/// A product to be deleted.
#[derive(InputObject)]
pub struct DeleteProductInput {
    /// Which product.
    product_id: ID,
}

payload! {
    /// What `createProduct` answers.
    CreateProductPayload<G>(ProductErrorCode) {
        /// The new product; null if it was refused.
        product: Option<G::Product>,
    }
}

payload! {
    /// What `updateProduct` answers.
    UpdateProductPayload<G>(ProductErrorCode) {
        /// The product as it is now; null if the change was refused.
        product: Option<G::Product>,
    }
}

payload! {
    /// What `deleteProduct` answers.
    DeleteProductPayload(ProductErrorCode) {
        /// The id of the product that is no more; null if it was not deleted.
        deleted_product_id: Option<ID>,
    }
}

root!(/// Mutations of products.
    ProductMutation);

#[Object(name = "ProductMutation")]
impl<G: Graph> ProductMutation<G> {
    /// Makes a product that campaigns can sell. For administrators.
    ///
    /// User errors: `INVALID_NAME`, `INVALID_DESCRIPTION`, `INVALID_PRICE`, `WRONG_CURRENCY`, `INVALID_IMAGE_URL`.
    /// Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn create_product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new product.")] input: CreateProductInput,
    ) -> Result<CreateProductPayload<G>> {
        let admin = ctx.administrator().await?;
        let form = ProductForm {
            name: Some(input.name),
            description: Some(input.description),
            list_price: Some(input.list_price.into()),
            image_url: Some(input.image_url),
        };
        let (product, user_errors) = outcome(ctx.services()?.products.create(admin, form).await)?;
        Ok(CreateProductPayload { product: product.map(|product| ProductRef::of(product).into()), user_errors })
    }

    /// Changes a product. Campaigns show it as it is then. For administrators.
    ///
    /// User errors: `PRODUCT_NOT_FOUND`, `INVALID_NAME`, `INVALID_DESCRIPTION`, `INVALID_PRICE`, `WRONG_CURRENCY`,
    /// `INVALID_IMAGE_URL`. Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn update_product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateProductInput,
    ) -> Result<UpdateProductPayload<G>> {
        let admin = ctx.administrator().await?;
        let id = ids::parse(&input.product_id, "input.productId")?;
        let form = ProductForm {
            name: input.name,
            description: input.description,
            list_price: input.list_price.map(Into::into),
            image_url: input.image_url.into(),
        };
        let (product, user_errors) = outcome(ctx.services()?.products.update(admin, id, form).await)?;
        Ok(UpdateProductPayload { product: product.map(|product| ProductRef::of(product).into()), user_errors })
    }

    /// Takes a product out of the range. Campaigns that are over still show it. For administrators.
    ///
    /// User errors: `PRODUCT_NOT_FOUND`, `IN_USE`. Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn delete_product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product to be deleted.")] input: DeleteProductInput,
    ) -> Result<DeleteProductPayload> {
        let admin = ctx.administrator().await?;
        let id = ids::parse(&input.product_id, "input.productId")?;
        let (deleted, user_errors) = outcome(ctx.services()?.products.delete(admin, id).await)?;
        Ok(DeleteProductPayload { deleted_product_id: deleted.map(ids::shown), user_errors })
    }
}
