//! What administrators note of users for rules to use.

use std::collections::BTreeMap;

use async_graphql::{
    Context, ID, InputObject, InputValueError, InputValueResult, Number, Object, Scalar, ScalarType, SimpleObject,
    Value,
};
use domain::user::account::Attribute;

use super::errors::UserAttributesErrorCode;
use crate::{
    context::Asked,
    document::Limits,
    errors::{Problem, Result},
    graph::{Graph, part, root},
    ids,
    link::UserRef,
    payload::{outcome, payload},
};

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeValue(Attribute);

/// The value of an attribute: a text of at most 256 characters, a number, or true or false.
#[Scalar(name = "AttributeValue")]
impl ScalarType for AttributeValue {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::Boolean(flag) => Ok(Self(Attribute::Flag(flag))),
            Value::String(text) => Ok(Self(Attribute::Text(text))),
            Value::Number(number) => {
                let number = number.as_f64().ok_or_else(|| InputValueError::custom("not a number"))?;
                Ok(Self(Attribute::Number(number)))
            }
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::Boolean(_) | Value::String(_) | Value::Number(_))
    }

    fn to_value(&self) -> Value {
        match &self.0 {
            Attribute::Flag(flag) => Value::Boolean(*flag),
            Attribute::Text(text) => Value::String(text.clone()),
            Attribute::Number(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        }
    }
}

/// Something noted of a user for rules to use, such as `vip: true`: rules read it as `user.attributes.vip`.
#[derive(Debug, Clone, SimpleObject)]
pub struct UserAttribute {
    /// What rules call it.
    pub name: String,
    /// What is noted.
    pub value: AttributeValue,
}

/// Something to be noted of a user.
#[derive(InputObject)]
pub struct UserAttributeInput {
    /// What rules call it: 1 to 64 letters, digits or `_`, not beginning with a digit.
    name: String,
    /// What is noted.
    value: AttributeValue,
}

/// What shall be noted of a user.
#[derive(InputObject)]
pub struct SetUserAttributesInput {
    /// Of whom.
    user_id: ID,
    /// All attributes, at most 64. They replace those that the user has.
    attributes: Vec<UserAttributeInput>,
}

payload! {
    /// What `setUserAttributes` answers.
    SetUserAttributesPayload<G>(UserAttributesErrorCode) {
        /// The user with the new attributes; null if they were refused.
        user: Option<G::User>,
    }
}

part!(/// What is noted of a user.
    UserInAccess of UserRef);

#[Object(name = "UserInAccess")]
impl<G: Graph> UserInAccess<G> {
    /// What administrators noted of the user for rules to use, by name. For administrators.
    ///
    /// Errors: `UNAUTHENTICATED`, `FORBIDDEN`.
    async fn attributes(&self, ctx: &Context<'_>) -> Result<Vec<UserAttribute>> {
        ctx.administrator().await?;
        let shown = |(name, value): (&String, &Attribute)| UserAttribute {
            name: name.clone(),
            value: AttributeValue(value.clone()),
        };
        Ok(self.link.stored(ctx).await?.attributes.iter().map(shown).collect())
    }
}

root!(/// Mutations of attributes.
    AttributeMutation);

#[Object(name = "AttributeMutation")]
impl<G: Graph> AttributeMutation<G> {
    /// Replaces what is noted of a user for rules to use. For administrators.
    ///
    /// User errors: `USER_NOT_FOUND`, `INVALID_ATTRIBUTE`. Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn set_user_attributes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What shall be noted of a user.")] input: SetUserAttributesInput,
    ) -> Result<SetUserAttributesPayload<G>> {
        let admin = ctx.administrator().await?;
        let id = ids::parse(&input.user_id, "input.userId")?;
        let mut attributes = BTreeMap::new();
        for attribute in input.attributes {
            if attributes.insert(attribute.name, attribute.value.0).is_some() {
                return Err(Problem::bad_input("input.attributes", "two attributes have the same name"));
            }
        }
        let (user, user_errors) = outcome(ctx.services()?.attributes.set(admin, id, attributes).await)?;
        Ok(SetUserAttributesPayload { user: user.map(|user| UserRef::of(user).into()), user_errors })
    }
}
