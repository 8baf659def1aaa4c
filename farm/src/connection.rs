//! One connection to the database: made, watched for notifications, made again when it broke.

use crate::address::{Host, QueueUrl, Tls};
use crate::error::{FarmError, Place};
use crate::password::Password;
use futures_util::future::poll_fn;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::CertificateDer;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio_postgres::tls::NoTls;
use tokio_postgres::{AsyncMessage, Client, Config, Connection};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long to wait for a connection, and for the answer to a statement. Longer than any statement takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// On every connection: statements that wait for too long end, and names are not looked up elsewhere.
const SESSION: &str = "SET search_path = assay_farm, pg_catalog, pg_temp; SET statement_timeout = '25s'; \
    SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '25s'";

/// Connects. `told` is notified of whatever other clients notify; the task that reads ends with the connection.
pub(crate) async fn connect(url: &QueueUrl, place: &Place, told: &Arc<Notify>) -> Result<Client, FarmError> {
    let mut config = Config::new();
    config.user(&url.user).dbname(&url.database).port(url.port);
    config.application_name("assay farm").connect_timeout(PATIENCE);
    config.keepalives_idle(PATIENCE).tcp_user_timeout(PATIENCE);
    if let Some(password) = Password::find(url, |name| std::env::var_os(name))? {
        config.password(password.reveal());
    }
    match &url.host {
        Host::Socket(directory) => config.host_path(directory),
        Host::Network(host) => config.host(host),
    };
    let connecting = async {
        match &url.tls {
            Tls::None => {
                config.ssl_mode(tokio_postgres::config::SslMode::Disable);
                let (client, connection) = config.connect(NoTls).await.map_err(|error| place.told(&error))?;
                tokio::spawn(listen(connection, told.clone()));
                Ok(client)
            }
            Tls::Full(authorities) => {
                config.ssl_mode(tokio_postgres::config::SslMode::Require);
                let tls = MakeRustlsConnect::new(trusting(authorities.as_deref())?);
                let (client, connection) = config.connect(tls).await.map_err(|error| place.told(&error))?;
                tokio::spawn(listen(connection, told.clone()));
                Ok(client)
            }
        }
    };
    let client = in_time(place, connecting).await?;
    in_time(place, async {
        client.batch_execute(SESSION).await.map_err(|error| place.told(&error))
    })
    .await?;
    Ok(client)
}

/// What `work` gives, unless it takes longer than any network or database should.
pub(crate) async fn in_time<T>(
    place: &Place,
    work: impl Future<Output = Result<T, FarmError>>,
) -> Result<T, FarmError> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => Err(FarmError::Unreachable {
            at: place.at.clone(),
            said: format!("no answer for {} s", PATIENCE.as_secs()),
        }),
    }
}

/// Moves a connection until it ends, and hands notifications on.
async fn listen<S, T>(mut connection: Connection<S, T>, told: Arc<Notify>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        match message {
            Ok(AsyncMessage::Notification(_)) => told.notify_waiters(),
            Ok(_) => {}
            // Whoever uses the client is told.
            Err(_) => break,
        }
    }
}

/// TLS that checks certificate and name of the host.
fn trusting(authorities: Option<&Path>) -> Result<rustls::ClientConfig, FarmError> {
    let mut roots = rustls::RootCertStore::empty();
    match authorities {
        None => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
        }
        Some(path) => {
            let failed = |why: String| FarmError::File {
                path: path.to_owned(),
                why,
            };
            let bytes = std::fs::read(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
            let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
            let certificates = certificates.map_err(|error| failed(format!("holds no certificates: {error}")))?;
            if certificates.is_empty() {
                return Err(failed(
                    "holds no certificates: sslrootcert= is a PEM file of authorities".into(),
                ));
            }
            roots.add_parsable_certificates(certificates);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| FarmError::Local(format!("TLS does not start: {error}")))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
