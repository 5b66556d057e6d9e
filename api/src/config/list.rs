//! Lists of values: an array in a file, a text with commas in the environment.

use std::{
    fmt::{self, Display, Formatter},
    net::IpAddr,
    str::FromStr,
};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Values of one kind, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Array(Vec<String>),
        }
        let written = Written::deserialize(deserializer).map_err(|_| de::Error::custom("must be a list of texts"))?;
        let texts = match written {
            Written::Text(text) => text.split(',').map(str::to_owned).collect(),
            Written::Array(texts) => texts,
        };
        let values = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        values.map(|text| text.parse().map_err(de::Error::custom)).collect::<Result<_, _>>().map(Self)
    }
}

impl<T: Display> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        serializer.serialize_str(&texts.join(", "))
    }
}

/// A network, such as `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(pub IpNet);

impl FromStr for Network {
    type Err = ipnet::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<IpAddr>().map(IpNet::from).or_else(|_| text.parse()).map(Self)
    }
}

impl Display for Network {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl List<Network> {
    /// The networks.
    #[must_use]
    pub fn networks(&self) -> Vec<IpNet> {
        self.0.iter().map(|network| network.0).collect()
    }
}

/// A value that is written as a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written<T>(pub T);

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.trim().parse().map(Self).map_err(de::Error::custom)
    }
}

impl<T: Display> Serialize for Written<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_an_array_or_a_text_with_commas() {
        let read = |json| serde_json::from_str::<List<IpAddr>>(json);
        let two = List(vec!["10.0.0.1".parse().unwrap(), "::1".parse().unwrap()]);
        assert_eq!(read(r#"["10.0.0.1", "::1"]"#).unwrap(), two);
        assert_eq!(read(r#"" 10.0.0.1,::1 , ""#).unwrap(), two);
        assert_eq!(read(r#""""#).unwrap(), List::default());
        assert_eq!(serde_json::to_string(&two).unwrap(), r#""10.0.0.1, ::1""#);
        assert!(read(r#"["10.0.0"]"#).is_err() && read("7").is_err());
    }

    #[test]
    fn an_address_is_a_network_of_one() {
        let read = |text: &str| text.parse::<Network>().map(|network| network.to_string());
        assert_eq!(read("10.0.0.1").unwrap(), "10.0.0.1/32");
        assert_eq!(read("fd00::/8").unwrap(), "fd00::/8");
        assert!(read("10.0.0").is_err() && read("10.0.0.0/33").is_err());
    }
}
