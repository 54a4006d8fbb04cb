//! The name under which serde writes a variant, without writing the rest of it.

use serde::{
    Serialize, Serializer,
    ser::{Error, Impossible},
};
use std::fmt;

/// The variant's name in JSON; empty for what is no variant.
pub fn variant<T: Serialize + ?Sized>(value: &T) -> &'static str {
    value.serialize(Names).err().map_or("", |named| named.0)
}

/// Stops at the first thing that it is given, and keeps its name.
struct Names;

#[derive(Debug)]
struct Named(&'static str);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Named {}

impl Error for Named {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self("")
    }
}

/// What is no variant has no name.
macro_rules! nameless {
    ($($method:ident($($kind:ty),*) -> $out:ty;)+) => {$(
        fn $method(self, $(_: $kind),*) -> Result<$out, Named> {
            Err(Named(""))
        }
    )+};
}

type Nothing = Impossible<(), Named>;

impl Serializer for Names {
    type Ok = ();
    type Error = Named;
    type SerializeSeq = Nothing;
    type SerializeTuple = Nothing;
    type SerializeTupleStruct = Nothing;
    type SerializeTupleVariant = Nothing;
    type SerializeMap = Nothing;
    type SerializeStruct = Nothing;
    type SerializeStructVariant = Nothing;

    nameless! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_seq(Option<usize>) -> Nothing;
        serialize_tuple(usize) -> Nothing;
        serialize_tuple_struct(&'static str, usize) -> Nothing;
        serialize_map(Option<usize>) -> Nothing;
        serialize_struct(&'static str, usize) -> Nothing;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), Named> {
        Err(Named(""))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, _: &T) -> Result<(), Named> {
        Err(Named(""))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<(), Named> {
        Err(Named(name))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: &T,
    ) -> Result<(), Named> {
        Err(Named(name))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, name: &'static str, _: usize) -> Result<Nothing, Named> {
        Err(Named(name))
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, name: &'static str, _: usize) -> Result<Nothing, Named> {
        Err(Named(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_key_in_json() {
        #[derive(Serialize)]
        #[serde(rename_all = "snake_case")]
        enum Some {
            UnitOne,
            NewType(u8),
            Tuple(u8, u8),
            StructOne { a: u8 },
        }
        for one in [Some::NewType(1), Some::Tuple(1, 2), Some::StructOne { a: 1 }] {
            let json = serde_json::to_value(&one).unwrap();
            assert_eq!(json.as_object().unwrap().keys().next().unwrap(), variant(&one));
        }
        assert_eq!(serde_json::to_value(Some::UnitOne).unwrap(), variant(&Some::UnitOne));
        assert_eq!(variant(&5), "");
    }
}
