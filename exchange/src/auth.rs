//! Signatures over requests, as EIP-712 typed data.
//!
//! A signature covers the server that it is for, method, path with query, the hash of the body, the time and a nonce. So
//! it serves for this one request, at this one server, once (see [`super::replay`]) and not much later than it was made.

use alloy::dyn_abi::TypedData;
use alloy::primitives::{keccak256, Address, Signature, B256};
use alloy::signers::Signer;
use alloy::sol;
use alloy::sol_types::{eip712_domain, Eip712Domain, SolStruct};
use axum::http::{HeaderMap, HeaderValue};
use rand::{rngs::OsRng, RngCore};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Header: milliseconds since 1970, decimal.
pub const TIME: &str = "assay-time";
/// Header: 32 random bytes, `0x` and hexadecimal.
pub const NONCE: &str = "assay-nonce";
/// Header: Keccak-256 of the body, `0x` and hexadecimal.
pub const BODY: &str = "assay-body";
/// Header: the signature, `r`, `s` and recovery byte, `0x` and hexadecimal.
pub const SIGNATURE: &str = "assay-signature";

const DOMAIN: Eip712Domain = eip712_domain! {
    name: "Assay transfer",
    version: "1",
};

sol! {
    #[derive(serde::Serialize)]
    struct Request {
        address server;
        string method;
        string target;
        bytes32 body;
        uint64 time;
        bytes32 nonce;
    }
}

/// What the four headers of a signed request say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Milliseconds since 1970.
    pub time: u64,
    /// Random: what makes two requests of one millisecond differ.
    pub nonce: B256,
    /// Keccak-256 of the body.
    pub body: B256,
}

impl Stamp {
    /// A stamp of now for a request with this body.
    pub fn new(body: &[u8]) -> Self {
        let mut nonce = B256::ZERO;
        OsRng.fill_bytes(nonce.as_mut_slice());
        Self {
            time: now(),
            nonce,
            body: keccak256(body),
        }
    }

    fn request(&self, server: Address, method: &str, target: &str) -> Request {
        Request {
            server,
            method: method.to_owned(),
            target: target.to_owned(),
            body: self.body,
            time: self.time,
            nonce: self.nonce,
        }
    }

    /// The headers of a request to `server`; `target` is its path with its query. A signer hears what it signs, not a hash.
    ///
    /// # Errors
    /// If the signer does not sign.
    pub async fn sign(
        &self,
        signer: &(dyn Signer + Send + Sync),
        server: Address,
        method: &str,
        target: &str,
    ) -> Result<HeaderMap, alloy::signers::Error> {
        let request = TypedData::from_struct(&self.request(server, method, target), Some(DOMAIN));
        let signature = signer.sign_dynamic_typed_data(&request).await?;
        let mut headers = HeaderMap::new();
        headers.insert(TIME, HeaderValue::from(self.time));
        for (name, bytes) in [
            (NONCE, self.nonce.as_slice()),
            (BODY, self.body.as_slice()),
            (SIGNATURE, &signature.as_bytes()),
        ] {
            let text = alloy::hex::encode_prefixed(bytes);
            #[expect(clippy::expect_used, reason = "digits are a header's value, whatever they say")]
            let value = HeaderValue::from_str(&text).expect("hexadecimal digits");
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

/// The stamp of a request to `server`, and who signed it. `None` if a header is missing, there twice or malformed.
///
/// A signature over anything else is not noticed here: it makes for another signer, who is no party to anything.
pub fn recover(headers: &HeaderMap, server: Address, method: &str, target: &str) -> Option<(Stamp, Address)> {
    let stamp = Stamp {
        time: only(headers, TIME)?.parse().ok()?,
        nonce: only(headers, NONCE)?.parse().ok()?,
        body: only(headers, BODY)?.parse().ok()?,
    };
    let signature: Signature = only(headers, SIGNATURE)?.parse().ok()?;
    let signer = signature
        .recover_address_from_prehash(&stamp.request(server, method, target).eip712_signing_hash(&DOMAIN))
        .ok()?;
    Some((stamp, signer))
}

fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// Milliseconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    since.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::signers::local::PrivateKeySigner;

    const SERVER: Address = Address::repeat_byte(5);

    #[tokio::test]
    async fn the_signer_is_recovered_from_exactly_what_was_signed() {
        let key = PrivateKeySigner::random();
        let stamp = Stamp::new(b"body");
        let headers = stamp.sign(&key, SERVER, "PATCH", "/v1/x?offset=0").await.unwrap();
        let signer = |headers: &HeaderMap, server, method, target| recover(headers, server, method, target).unwrap().1;
        let (read, address) = recover(&headers, SERVER, "PATCH", "/v1/x?offset=0").unwrap();
        assert_eq!((read, address), (stamp, key.address()));

        assert_ne!(signer(&headers, Address::ZERO, "PATCH", "/v1/x?offset=0"), address);
        assert_ne!(signer(&headers, SERVER, "GET", "/v1/x?offset=0"), address);
        assert_ne!(signer(&headers, SERVER, "PATCH", "/v1/x?offset=1"), address);
        for (name, value) in [
            (TIME, (stamp.time + 1).to_string()),
            (NONCE, B256::ZERO.to_string()),
            (BODY, keccak256("other").to_string()),
        ] {
            let mut headers = headers.clone();
            headers.insert(name, HeaderValue::from_str(&value).unwrap());
            assert_ne!(signer(&headers, SERVER, "PATCH", "/v1/x?offset=0"), address, "{name}");
        }
    }

    #[tokio::test]
    async fn headers_that_are_missing_doubled_or_malformed_sign_nothing() {
        let key = PrivateKeySigner::random();
        let good = Stamp::new(b"").sign(&key, SERVER, "GET", "/").await.unwrap();
        let recovers = |headers: &HeaderMap| recover(headers, SERVER, "GET", "/").is_some();
        assert!(recovers(&good));
        for name in [TIME, NONCE, BODY, SIGNATURE] {
            let mut headers = good.clone();
            headers.remove(name);
            assert!(!recovers(&headers), "{name} missing");
            let mut headers = good.clone();
            headers.append(name, good[name].clone());
            assert!(!recovers(&headers), "{name} twice");
            for value in ["", "-1", "0x", "0xzz", "99999999999999999999999"] {
                let mut headers = good.clone();
                headers.insert(name, HeaderValue::from_static(value));
                assert!(!recovers(&headers), "{name}: {value}");
            }
        }
    }
}
