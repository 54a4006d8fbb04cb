//! `serde` to canonical bytes. Enum variants are spelled as `serde_json` spells them, so that it can read them back.

use super::{INTEGER_MAX, Uncanonical, keys::Members, write_count, write_text};
use serde::ser::{self, Serialize};
use std::fmt::Write as _;

pub(super) struct Writer<'o> {
    pub(super) out: &'o mut Vec<u8>,
}

type Done = Result<(), Uncanonical>;

impl Writer<'_> {
    fn whole(&mut self, number: i128) -> Done {
        let limit = i128::from(INTEGER_MAX);
        if !(-limit..=limit).contains(&number) {
            return Err(Uncanonical::TooLarge(number));
        }
        self.small(number as i64)
    }

    fn small(&mut self, number: i64) -> Done {
        if number < 0 {
            self.out.push(b'-');
        }
        write_count(number.unsigned_abs(), self.out);
        Ok(())
    }
}

/// A list, or the list of a tuple variant (`closing` = what ends it).
pub(super) struct List<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
    closing: &'static [u8],
}

impl List<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(b',');
        }
        value.serialize(&mut Writer { out: self.out })
    }
    fn close(self) -> Done {
        self.out.extend_from_slice(self.closing);
        Ok(())
    }
}

/// An object, or the object of a struct variant.
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    members: Members,
    closing: &'static [u8],
}

impl Object<'_> {
    fn name(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Done) -> Done {
        if !self.members.is_empty() {
            self.out.push(b',');
        }
        let start = self.out.len();
        write(self.out)?;
        self.members.push(self.out, start)?;
        self.out.push(b':');
        Ok(())
    }
    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Done {
        self.name(|out| {
            write_text(name, out);
            Ok(())
        })?;
        value.serialize(&mut Writer { out: self.out })
    }
    fn close(self) -> Done {
        self.members.finish(self.out)?;
        self.out.extend_from_slice(self.closing);
        Ok(())
    }
}

impl<'o> Writer<'o> {
    fn list(&mut self, closing: &'static [u8]) -> List<'_> {
        self.out.push(b'[');
        List { out: self.out, first: true, closing }
    }
    fn object(&mut self, expected: usize, closing: &'static [u8]) -> Object<'_> {
        self.out.push(b'{');
        let members = Members::new(self.out.len(), expected);
        Object { out: self.out, members, closing }
    }
    fn variant(&mut self, name: &str) {
        self.out.push(b'{');
        write_text(name, self.out);
        self.out.push(b':');
    }
}

macro_rules! small {
    ($($method:ident $type:ty),+) => {$(
        fn $method(self, number: $type) -> Done {
            self.small(i64::from(number))
        }
    )+};
}
macro_rules! whole {
    ($($method:ident $type:ty),+) => {$(
        fn $method(self, number: $type) -> Done {
            self.whole(i128::from(number))
        }
    )+};
}

impl<'w, 'o> ser::Serializer for &'w mut Writer<'o> {
    type Ok = ();
    type Error = Uncanonical;
    type SerializeSeq = List<'w>;
    type SerializeTuple = List<'w>;
    type SerializeTupleStruct = List<'w>;
    type SerializeTupleVariant = List<'w>;
    type SerializeMap = Object<'w>;
    type SerializeStruct = Object<'w>;
    type SerializeStructVariant = Object<'w>;

    small!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32);
    whole!(serialize_i64 i64, serialize_u64 u64, serialize_i128 i128);

    fn serialize_u128(self, number: u128) -> Done {
        self.whole(i128::try_from(number).unwrap_or(i128::MAX))
    }
    fn serialize_bool(self, value: bool) -> Done {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }
    fn serialize_f32(self, number: f32) -> Done {
        Err(Uncanonical::Float(number.to_string()))
    }
    fn serialize_f64(self, number: f64) -> Done {
        Err(Uncanonical::Float(number.to_string()))
    }
    fn serialize_char(self, letter: char) -> Done {
        self.serialize_str(letter.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, text: &str) -> Done {
        write_text(text, self.out);
        Ok(())
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Done {
        let mut list = self.list(b"]");
        bytes.iter().try_for_each(|byte| list.item(byte))?;
        list.close()
    }
    fn serialize_none(self) -> Done {
        self.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Done {
        self.out.extend_from_slice(b"null");
        Ok(())
    }
    fn serialize_unit_struct(self, _name: &'static str) -> Done {
        self.serialize_unit()
    }
    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Done {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Done {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Done {
        self.variant(variant);
        value.serialize(&mut *self)?;
        self.out.push(b'}');
        Ok(())
    }
    fn serialize_seq(self, _length: Option<usize>) -> Result<List<'w>, Uncanonical> {
        Ok(self.list(b"]"))
    }
    fn serialize_tuple(self, _length: usize) -> Result<List<'w>, Uncanonical> {
        Ok(self.list(b"]"))
    }
    fn serialize_tuple_struct(self, _name: &'static str, _length: usize) -> Result<List<'w>, Uncanonical> {
        Ok(self.list(b"]"))
    }
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<List<'w>, Uncanonical> {
        self.variant(variant);
        Ok(self.list(b"]}"))
    }
    fn serialize_map(self, length: Option<usize>) -> Result<Object<'w>, Uncanonical> {
        Ok(self.object(length.unwrap_or(4), b"}"))
    }
    fn serialize_struct(self, _name: &'static str, length: usize) -> Result<Object<'w>, Uncanonical> {
        Ok(self.object(length, b"}"))
    }
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Object<'w>, Uncanonical> {
        self.variant(variant);
        Ok(self.object(length, b"}}"))
    }
    fn collect_str<T: std::fmt::Display + ?Sized>(self, value: &T) -> Done {
        let mut text = String::new();
        write!(text, "{value}").map_err(|error| Uncanonical::Value(error.to_string()))?;
        self.serialize_str(&text)
    }
}

macro_rules! lists {
    ($($trait:ident $method:ident),+) => {$(
        impl ser::$trait for List<'_> {
            type Ok = ();
            type Error = Uncanonical;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                self.item(value)
            }
            fn end(self) -> Done {
                self.close()
            }
        }
    )+};
}
lists!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

macro_rules! objects {
    ($($trait:ident),+) => {$(
        impl ser::$trait for Object<'_> {
            type Ok = ();
            type Error = Uncanonical;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
                self.member(name, value)
            }
            fn end(self) -> Done {
                self.close()
            }
        }
    )+};
}
objects!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Object<'_> {
    type Ok = ();
    type Error = Uncanonical;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        self.name(|out| key.serialize(Name { out }))
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        value.serialize(&mut Writer { out: self.out })
    }
    fn end(self) -> Done {
        self.close()
    }
}

/// A map's key as a member's name: text as it is, whole numbers and booleans in quotes.
struct Name<'o> {
    out: &'o mut Vec<u8>,
}

impl Name<'_> {
    fn quoted(self, value: impl std::fmt::Display) -> Done {
        write_text(&value.to_string(), self.out);
        Ok(())
    }
}

macro_rules! names {
    ($($method:ident $type:ty),+) => {$(
        fn $method(self, value: $type) -> Done {
            self.quoted(value)
        }
    )+};
}
macro_rules! not_names {
    ($($method:ident($($argument:ty),*) -> $out:ty, $what:literal);+ $(;)?) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$out, Uncanonical> {
            Err(Uncanonical::NameNotText($what))
        }
    )+};
}
type Never = ser::Impossible<(), Uncanonical>;

impl ser::Serializer for Name<'_> {
    type Ok = ();
    type Error = Uncanonical;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;

    names!(serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_i128 i128, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64,
        serialize_u128 u128, serialize_char char);

    fn serialize_str(self, text: &str) -> Done {
        write_text(text, self.out);
        Ok(())
    }
    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Done {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Done {
        value.serialize(self)
    }
    fn collect_str<T: std::fmt::Display + ?Sized>(self, value: &T) -> Done {
        self.quoted(value)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Done {
        Err(Uncanonical::NameNotText("an optional value"))
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(self, _: &'static str, _: u32, _: &'static str, _: &T) -> Done {
        Err(Uncanonical::NameNotText("a variant with a value"))
    }
    not_names!(
        serialize_f32(f32) -> (), "a floating-point number";
        serialize_f64(f64) -> (), "a floating-point number";
        serialize_bytes(&[u8]) -> (), "bytes";
        serialize_none() -> (), "nothing";
        serialize_unit() -> (), "nothing";
        serialize_unit_struct(&'static str) -> (), "nothing";
        serialize_seq(Option<usize>) -> Never, "a list";
        serialize_tuple(usize) -> Never, "a list";
        serialize_tuple_struct(&'static str, usize) -> Never, "a list";
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never, "a list";
        serialize_map(Option<usize>) -> Never, "an object";
        serialize_struct(&'static str, usize) -> Never, "an object";
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never, "an object";
    );
}
