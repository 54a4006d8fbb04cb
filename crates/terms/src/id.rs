//! Ids: one type for each kind of thing, so that a visit can't be passed where a form is meant.
//!
//! They are short texts shared by reference, cheap to clone and ordered, because they key the ordered maps of
//! everything that is hashed.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Borrow, fmt, sync::Arc};

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }
        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "minLength": 1, "maxLength": 200 })
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a text id")
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        Ok($name::from(text))
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }
    )+};
}

text_id! {
    /// A participant's code: site and number, `S03-012`. Never a name.
    ParticipantId,
    /// A site of the study.
    SiteId,
    /// A member of staff.
    StaffId,
    /// A container's label number (the kit number). Tells nothing of its content.
    ContainerId,
    /// A visit of the study's schedule: `V9`.
    VisitId,
    /// An epoch of the study.
    EpochId,
    /// An arm of the study.
    ArmId,
    /// A form of the study.
    FormId,
    /// A field of a form; for an instrument, the item's number.
    FieldId,
    /// An eligibility criterion: `I09`, `E17`.
    CriterionId,
    /// A check of the dosing day: `pressure`.
    CheckId,
    /// A dose level: `80+40`.
    LevelId,
    /// A role that the study names: `nurse`.
    RoleId,
    /// A rule of `conduct`: `session.check`.
    RuleId,
    /// One filled-in form, adverse event, medicine or other thing with a life of its own, unique in its stream.
    InstanceId,
    /// One act of one person: the entries of one command share it.
    ActId,
    /// The hash of a study version's meaning, in hexadecimal.
    StudyHash,
}
