//! `spike demo`: a sample sale to look around in. Run twice, it makes nothing twice.
//!
//! It uses the same use cases as everybody else, and may run before a server or beside it.
#![expect(clippy::print_stdout, reason = "the command line talks to its user")]

use chrono::Duration;
use domain::{
    admin::{campaigns::CampaignForm, lifecycle::Move, products::ProductForm},
    id::{CampaignId, ProductId, TypedId},
    money::{Currency, Money},
    page::{MAX_PAGE, PageRequest},
    services::Services,
    spike::{CampaignState, Stage, stock::RequestKey},
    user::{Administrator, User, Viewer, register::RegisterForm, viewer::SignedIn},
};

use super::{
    demo_data::{self, BALANCE, Person, Sale},
    offline::Offline,
};
use crate::{
    administrators::{self, Account},
    config::Config,
    error::StartError,
};

/// One password for all accounts of the sample, instead of random ones.
const PASSWORD: &str = "SPIKE_DEMO_PASSWORD";

pub(super) async fn run(config: &Config) -> Result<(), StartError> {
    let offline = Offline::open(config).await?;
    let demo = Demo { offline: &offline, currency: config.shop.currency };

    println!("accounts (sign in with the phone number)");
    let boss = demo.person(&demo_data::administrator()).await?;
    if !boss.is_admin() {
        let message = format!("the account {:?} is no administrator: this is not a database for a demo", boss.username);
        return Err(StartError::Administrator(message));
    }
    let admin = demo.proof(&boss).await?;
    for person in demo_data::customers() {
        let user = demo.person(&person).await?;
        demo.give_money(admin, &user).await?;
    }
    println!("  every customer has {}", Money::new(BALANCE, config.shop.currency));

    println!("\ncampaigns");
    let mut first = None;
    for sale in demo_data::sales() {
        let id = demo.campaign(admin, &sale).await?;
        first = first.or(Some(id));
        println!("  {id}  {}: {}", sale.title, sale.note);
    }
    offline.close().await?;
    if let Some(first) = first {
        explain(config, first);
    }
    Ok(())
}

struct Demo<'a> {
    offline: &'a Offline,
    currency: Currency,
}

impl Demo<'_> {
    fn services(&self) -> &Services {
        &self.offline.services
    }

    /// Makes an account, and prints how to sign in to it.
    async fn person(&self, person: &Person) -> Result<User, StartError> {
        let chosen = std::env::var(PASSWORD).ok();
        let password = match chosen {
            Some(password) => password,
            None => self.random_password()?,
        };
        let form = RegisterForm {
            username: person.username.to_owned(),
            phone: person.phone.to_owned(),
            password: password.clone(),
            birth_date: person.born,
            work_status: person.work_status,
            id_number: None,
        };
        let account = administrators::ensure(&self.offline.world.ports, self.services(), &form, person.roles).await?;
        let secret = match &account {
            Account::Made(_) => format!("password {password}"),
            Account::Found(_) => "password as it was printed when it was made".to_owned(),
        };
        let id = account.user().id;
        println!("  {:<11} {}  {secret}  {id}  {}", person.username, person.phone, person.note);
        let (Account::Made(user) | Account::Found(user)) = account;
        Ok(user)
    }

    /// 20 characters of what also makes the secrets of refresh tokens.
    fn random_password(&self) -> Result<String, StartError> {
        let secrets = &self.offline.world.ports.refresh_secrets;
        let text = secrets.encode(&secrets.random()?);
        Ok(text[text.len() - 20..].to_owned())
    }

    async fn proof(&self, boss: &User) -> Result<Administrator, StartError> {
        let ports = &self.offline.world.ports;
        let now = ports.clock.now();
        let viewer = Viewer::SignedIn(SignedIn {
            user_id: boss.id,
            session_id: ports.ids.next(now),
            expires_at: now + Duration::minutes(5),
        });
        Ok(self.services().users.administrator(&viewer).await?)
    }

    async fn give_money(&self, admin: Administrator, user: &User) -> Result<(), StartError> {
        let amount = Money::new(BALANCE, self.currency);
        let key = RequestKey::parse(&format!("demo-{}", user.id))?;
        self.services().balances.top_up(admin, user.id, amount.amount(), self.currency, Some(key)).await?;
        Ok(())
    }

    /// The campaign of this title that is not over, or a new one.
    async fn campaign(&self, admin: Administrator, sale: &Sale) -> Result<CampaignId, StartError> {
        let draft = match self.existing(admin, sale.title).await? {
            Some((id, Stage::Draft)) => id,
            Some((id, _)) => return Ok(id),
            None => self.draft(admin, sale).await?,
        };
        self.services().access_rules.set(admin, draft, sale.rules.clone()).await?;
        self.services().campaigns.move_stage(admin, draft, Move::Publish).await?;
        Ok(draft)
    }

    async fn existing(&self, admin: Administrator, title: &str) -> Result<Option<(CampaignId, Stage)>, StartError> {
        use CampaignState::{Draft, Live, Paused, Scheduled, SoldOut};
        let mut page = full_page();
        loop {
            let states = vec![Draft, Scheduled, Live, Paused, SoldOut];
            let found = self.services().campaigns.list(Some(admin), states, &page).await?;
            if let Some(campaign) = found.items.iter().find(|campaign| campaign.title == title) {
                return Ok(Some((campaign.id, campaign.stage)));
            }
            match found.items.last() {
                Some(last) if found.has_next => page.after = Some(last.id),
                _ => return Ok(None),
            }
        }
    }

    async fn draft(&self, admin: Administrator, sale: &Sale) -> Result<CampaignId, StartError> {
        let now = self.services().clock.now();
        let form = CampaignForm {
            product_id: Some(self.product(admin, sale).await?),
            title: Some(sale.title.to_owned()),
            price: Some((Money::new(sale.prices.1, self.currency).amount(), self.currency)),
            quantity: Some(sale.quantity),
            per_user_limit: Some(sale.per_user_limit),
            starts_at: Some(now + sale.starts_in),
            ends_at: Some(now + sale.ends_in),
            payment_window_seconds: Some(900),
        };
        Ok(self.services().campaigns.create(admin, form).await?.campaign.id)
    }

    async fn product(&self, admin: Administrator, sale: &Sale) -> Result<ProductId, StartError> {
        let (name, description) = sale.product;
        let known = self.services().products.list(admin, &full_page()).await?;
        if let Some(product) = known.items.iter().find(|product| product.name == name && product.deleted_at.is_none()) {
            return Ok(product.id);
        }
        let form = ProductForm {
            name: Some(name.to_owned()),
            description: Some(description.to_owned()),
            list_price: Some((Money::new(sale.prices.0, self.currency).amount(), self.currency)),
            image_url: None,
        };
        Ok(self.services().products.create(admin, form).await?.id)
    }
}

fn full_page<I: TypedId>() -> PageRequest<I> {
    PageRequest { limit: MAX_PAGE, ..PageRequest::default() }
}

fn explain(config: &Config, campaign: CampaignId) {
    let listen = config.server.listen;
    println!(
        r#"
what to try, in the playground of the server (http://{listen}/playground unless it listens elsewhere)
  1. mutation {{ login(input: {{phone: "+10005550101", password: "…"}}) {{ session {{ accessToken }} userErrors {{ message }} }} }}
  2. put {{"Authorization": "Bearer <accessToken>"}} under Headers, then
     mutation {{ grab(input: {{campaignId: "{campaign}"}}) {{ order {{ id status }} remaining userErrors {{ code message }} }} }}
  3. mutation {{ pay(input: {{orderId: "<order id>", idempotencyKey: "pay-1"}}) {{ order {{ status total {{ amount }} }} userErrors {{ code message }} }} }}"#
    );
}
