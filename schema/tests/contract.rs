//! The public contract, written down here once more and by hand: what clients rely on is in the graph, with
//! this nullability. Fields may be added; nothing here may be renamed or dropped.

mod support;

/// A connection takes these arguments, wherever it stands.
const PAGED: [&str; 9] = [
    "Query.campaigns",
    "Query.users",
    "Query.orders",
    "Query.auditLog",
    "Query.products",
    "Query.accessLists",
    "User.orders",
    "Campaign.stockMovements",
    "AccessList.members",
];

const CONNECTIONS: [&str; 7] = ["Campaign", "Order", "User", "AuditEntry", "StockMovement", "Product", "AccessList"];

/// Mutations, the name of their error type, and what their payload shows when they are done.
const MUTATIONS: [(&str, &str, &[&str]); 26] = [
    ("register", "RegisterError", &["user: User", "session: Session"]),
    ("login", "LoginError", &["user: User", "session: Session"]),
    ("refreshSession", "RefreshSessionError", &["user: User", "session: Session"]),
    ("logout", "LogoutError", &[]),
    ("grab", "GrabError", &["order: Order", "remaining: Int"]),
    ("setAccessRules", "AccessRuleError", &["campaign: Campaign"]),
    ("testAccessRules", "AccessRuleError", &["results: [RuleTestResult!]!"]),
    ("createAccessList", "AccessListError", &["accessList: AccessList"]),
    ("updateAccessList", "AccessListError", &["accessList: AccessList"]),
    ("deleteAccessList", "AccessListError", &["deletedAccessListId: ID"]),
    ("setUserAttributes", "UserAttributesError", &["user: User"]),
    ("createProduct", "ProductError", &["product: Product"]),
    ("updateProduct", "ProductError", &["product: Product"]),
    ("deleteProduct", "ProductError", &["deletedProductId: ID"]),
    ("createCampaign", "CampaignError", &["campaign: Campaign"]),
    ("updateCampaign", "CampaignError", &["campaign: Campaign"]),
    ("deleteCampaign", "CampaignError", &["deletedCampaignId: ID"]),
    ("publishCampaign", "CampaignError", &["campaign: Campaign"]),
    ("pauseCampaign", "CampaignError", &["campaign: Campaign"]),
    ("resumeCampaign", "CampaignError", &["campaign: Campaign"]),
    ("endCampaign", "CampaignError", &["campaign: Campaign"]),
    ("adjustStock", "AdjustStockError", &["campaign: Campaign"]),
    ("pay", "PayError", &["order: Order"]),
    ("cancelOrder", "CancelOrderError", &["order: Order"]),
    ("refundOrder", "RefundOrderError", &["order: Order"]),
    ("topUpBalance", "TopUpBalanceError", &["user: User"]),
];

const INPUTS: &str = "
    RegisterInput        username: String! | phone: String! | password: String! | birthDate: Date! | workStatus: WorkStatus! | idNumber: String
    LoginInput           phone: String! | password: String!
    RefreshSessionInput  refreshToken: String!
    LogoutInput          refreshToken: String!
    GrabInput            campaignId: ID! | quantity: Int! = 1 | idempotencyKey: String
    SetAccessRulesInput  campaignId: ID! | rules: [AccessRuleInput!]!
    TestAccessRulesInput rules: [AccessRuleInput!]! | userId: ID! | campaignId: ID
    AccessRuleInput      name: String! | expression: String! | message: String!
    CreateAccessListInput name: String! | description: String! = \"\" | userIds: [ID!]! = []
    UpdateAccessListInput accessListId: ID! | name: String | description: String | addUserIds: [ID!]! = [] | removeUserIds: [ID!]! = []
    DeleteAccessListInput accessListId: ID!
    SetUserAttributesInput userId: ID! | attributes: [UserAttributeInput!]!
    UserAttributeInput   name: String! | value: AttributeValue!
    CreateProductInput   name: String! | description: String! = \"\" | listPrice: MoneyInput! | imageUrl: String
    UpdateProductInput   productId: ID! | name: String | description: String | listPrice: MoneyInput | imageUrl: String
    DeleteProductInput   productId: ID!
    CreateCampaignInput  productId: ID! | title: String! | price: MoneyInput! | quantity: Int! | perUserLimit: Int! = 1
    CreateCampaignInput  startsAt: DateTime! | endsAt: DateTime! | paymentWindowSeconds: Int! = 900
    UpdateCampaignInput  campaignId: ID! | productId: ID | title: String | price: MoneyInput | quantity: Int
    UpdateCampaignInput  perUserLimit: Int | startsAt: DateTime | endsAt: DateTime | paymentWindowSeconds: Int
    DeleteCampaignInput  campaignId: ID!
    PublishCampaignInput campaignId: ID!
    PauseCampaignInput   campaignId: ID!
    ResumeCampaignInput  campaignId: ID!
    EndCampaignInput     campaignId: ID!
    AdjustStockInput     campaignId: ID! | delta: Int! | reason: String!
    PayInput             orderId: ID! | idempotencyKey: String
    CancelOrderInput     orderId: ID!
    RefundOrderInput     orderId: ID!
    TopUpBalanceInput    userId: ID! | amount: MoneyInput! | idempotencyKey: String
    MoneyInput           amount: Decimal! | currencyCode: CurrencyCode!
";

const OUTPUTS: &str = "
    Query          me: User | campaign: Campaign | campaigns: CampaignConnection! | order: Order
    Query          users: UserConnection! | orders: OrderConnection! | auditLog: AuditEntryConnection!
    Query          product: Product | products: ProductConnection! | accessList: AccessList | accessLists: AccessListConnection!
    Query          campaign(id): ID! | order(id): ID! | product(id): ID! | accessList(id): ID!
    Query          campaigns(states): [CampaignState!] | users(search): String
    Query          orders(campaignId): ID | orders(userId): ID | orders(statuses): [OrderStatus!]
    Subscription   campaignUpdated: Campaign! | campaignUpdated(id): ID!
    Subscription   orderStatus: Order! | orderStatus(orderId): ID | orderStatus(afterVersion): Int
    User           id: ID! | username: String! | phone: String! | workStatus: WorkStatus! | birthDate: Date! | roles: [Role!]! | createdAt: DateTime!
    User           orders: OrderConnection! | orders(statuses): [OrderStatus!] | balance: Money! | attributes: [UserAttribute!]!
    UserAttribute  name: String! | value: AttributeValue!
    Session        accessToken: String! | accessTokenExpiresAt: DateTime! | refreshToken: String! | refreshTokenExpiresAt: DateTime!
    Campaign       id: ID! | title: String! | product: Product! | state: CampaignState! | price: Money!
    Campaign       quantity: Int! | remaining: Int! | perUserLimit: Int!
    Campaign       startsAt: DateTime! | endsAt: DateTime! | paymentWindowSeconds: Int!
    Campaign       eligibility: Eligibility! | accessRules: [AccessRule!]! | myOrders: [Order!]!
    Campaign       report: CampaignReport! | stockMovements: StockMovementConnection!
    Product        id: ID! | name: String! | description: String! | listPrice: Money! | imageUrl: String
    Eligibility    eligible: Boolean! | reasons: [String!]!
    AccessRule     name: String! | expression: String! | message: String!
    RuleTestResult rule: String! | passed: Boolean! | error: String
    AccessList     id: ID! | name: String! | description: String! | size: Int! | createdAt: DateTime! | members: UserConnection!
    CampaignReport grabs: Int! | queued: Int! | pendingPayment: Int! | paid: Int! | cancelled: Int! | expired: Int!
    CampaignReport rejected: Int! | refunded: Int! | available: Int! | revenue: Money! | balanced: Boolean!
    StockMovement  id: ID! | kind: StockMovementKind! | available: Int! | held: Int! | sold: Int!
    StockMovement  order: Order | reason: String | actor: User | at: DateTime!
    AuditEntry     id: ID! | at: DateTime! | actor: User | action: String! | subject: String! | detail: String!
    Order          id: ID! | campaign: Campaign! | user: User! | quantity: Int! | unitPrice: Money! | total: Money!
    Order          status: OrderStatus! | createdAt: DateTime! | payBefore: DateTime | paidAt: DateTime | closedAt: DateTime
    Order          history: [OrderEvent!]! | version: Int!
    OrderEvent     version: Int! | status: OrderStatus! | at: DateTime! | reason: String
    Money          amount: Decimal! | currencyCode: CurrencyCode!
    PageInfo       hasNextPage: Boolean! | hasPreviousPage: Boolean! | startCursor: String | endCursor: String
";

/// Enums that are exactly these values.
const ENUMS: [(&str, &str); 5] = [
    ("WorkStatus", "EMPLOYED SELF_EMPLOYED UNEMPLOYED STUDENT RETIRED"),
    ("Role", "CUSTOMER ADMIN"),
    ("CampaignState", "DRAFT SCHEDULED LIVE PAUSED SOLD_OUT ENDED"),
    ("OrderStatus", "QUEUED PENDING_PAYMENT PAID CANCELLED EXPIRED REJECTED REFUNDED"),
    (
        "GrabErrorCode",
        "CAMPAIGN_NOT_FOUND NOT_STARTED PAUSED ENDED SOLD_OUT INSUFFICIENT_STOCK LIMIT_EXCEEDED NOT_ELIGIBLE \
         INVALID_QUANTITY IDEMPOTENCY_KEY_REUSED",
    ),
];

/// Codes that others may join.
const CODES: [(&str, &str); 2] = [
    ("PayErrorCode", "INSUFFICIENT_FUNDS PAYMENT_WINDOW_CLOSED ALREADY_PAID ORDER_NOT_FOUND"),
    ("CurrencyCode", "CNY EUR USD JPY"),
];

fn table(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter_map(|row| row.trim().split_once(' ')).flat_map(|(ty, fields)| {
        fields.split('|').map(move |field| format!("{ty}.{}", field.trim())).collect::<Vec<_>>()
    })
}

fn contract() -> Vec<String> {
    let mut lines: Vec<String> = table(INPUTS).chain(table(OUTPUTS)).collect();
    for field in PAGED {
        for (argument, ty) in [("first", "Int"), ("after", "String"), ("last", "Int"), ("before", "String")] {
            lines.push(format!("{field}({argument}): {ty}"));
        }
    }
    for node in CONNECTIONS {
        lines.push(format!("{node}Connection.edges: [{node}Edge!]!"));
        lines.push(format!("{node}Connection.nodes: [{node}!]!"));
        lines.push(format!("{node}Connection.pageInfo: PageInfo!"));
        lines.push(format!("{node}Connection.totalCount: Int!"));
        lines.push(format!("{node}Edge.cursor: String!"));
        lines.push(format!("{node}Edge.node: {node}!"));
    }
    for (mutation, error, done) in MUTATIONS {
        let name = format!("{}{}", mutation[..1].to_uppercase(), &mutation[1..]);
        lines.push(format!("Mutation.{mutation}: {name}Payload!"));
        lines.push(format!("Mutation.{mutation}(input): {name}Input!"));
        lines.push(format!("{name}Payload.userErrors: [{error}!]!"));
        lines.extend(done.iter().map(|field| format!("{name}Payload.{field}")));
        lines.push(format!("{error}.code: {error}Code!"));
        lines.push(format!("{error}.message: String!"));
        lines.push(format!("{error}.field: [String!]"));
    }
    for (name, values) in ENUMS.into_iter().chain(CODES) {
        lines.extend(values.split_whitespace().map(|value| format!("{name}.{value}")));
    }
    lines.extend(["Date", "DateTime", "Decimal", "AttributeValue"].map(|scalar| format!("scalar {scalar}")));
    lines
}

#[test]
fn the_graph_keeps_its_contract() {
    let graph = support::lines(&schema::sdl());
    let missing: Vec<_> = contract().into_iter().filter(|line| !graph.contains_key(line)).collect();
    assert!(missing.is_empty(), "the graph broke its contract: {missing:#?}");
}

#[test]
fn some_enums_are_exactly_so() {
    let graph = support::lines(&schema::sdl());
    for (name, values) in ENUMS {
        let known = graph.keys().filter(|line| line.starts_with(&format!("{name}."))).count();
        assert_eq!(known, values.split_whitespace().count(), "{name} has other values");
    }
}

/// A change of state is told by the mutation that makes it, and nowhere else.
#[test]
fn there_is_one_mutation_for_each_action() {
    let graph = support::lines(&schema::sdl());
    let known: Vec<_> = graph.keys().filter(|line| line.starts_with("Mutation.") && !line.contains('(')).collect();
    let listed: std::collections::BTreeSet<_> = MUTATIONS.iter().map(|(name, ..)| name).collect();
    assert_eq!(known.len(), listed.len(), "a mutation that is not in the contract: {known:#?}");
}

/// The subgraphs say of each field what the whole graph says of it, and together they say all of it.
#[test]
fn the_five_subgraphs_are_the_whole() {
    use schema::{Which, sdl_of};
    let whole = support::lines(&schema::sdl());
    let mut together = std::collections::BTreeMap::new();
    for which in Which::ALL.into_iter().filter(|which| *which != Which::Whole) {
        for (line, description) in support::lines(&sdl_of(which)) {
            assert_eq!(whole.get(&line), Some(&description), "{line} of {which:?}");
            together.insert(line, description);
        }
    }
    assert_eq!(together, whole);
}

/// In the federated graph, a grab that selects these needs no subgraph beside spike.
#[test]
fn a_grab_needs_one_subgraph() {
    let spike = support::lines(&schema::sdl_of(schema::Which::Spike));
    for line in ["Order.id: ID!", "Order.status: OrderStatus!", "Order.quantity: Int!", "Order.total: Money!"] {
        assert!(spike.contains_key(line), "{line}");
    }
}
