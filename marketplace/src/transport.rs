//! The X25519 key to which consumers will encrypt: the private half stays in a file of the provider.

use alloy::primitives::B256;
use assay_durable::file::write_atomic;
use eyre::WrapErr;
use rand::{rngs::OsRng, RngCore};
use std::path::Path;
use x25519_dalek::{PublicKey, StaticSecret};

/// The public half of the key in `path`, which is made if there is none.
pub fn public_key(path: &Path) -> eyre::Result<B256> {
    let secret = match std::fs::read(path) {
        Ok(bytes) => {
            let bytes: [u8; 32] = bytes
                .try_into()
                .map_err(|_| eyre::eyre!("{} is no transport key of 32 bytes", path.display()))?;
            StaticSecret::from(bytes)
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let mut bytes = [0; 32];
            OsRng.fill_bytes(&mut bytes);
            // On disk before anything says its public half.
            write_atomic(path, &bytes, true)?;
            StaticSecret::from(bytes)
        }
        Err(e) => return Err(e).wrap_err_with(|| format!("cannot read {}", path.display())),
    };
    Ok(PublicKey::from(&secret).to_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let public = public_key(&path).unwrap();
        assert_eq!(public_key(&path).unwrap(), public);
        assert_ne!(public_key(&dir.path().join("other")).unwrap(), public);
        std::fs::write(&path, b"short").unwrap();
        assert!(public_key(&path).is_err());
    }
}
