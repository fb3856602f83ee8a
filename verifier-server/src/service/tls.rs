//! TLS of the service and of its client: keys and certificates from files, and words for what is wrong with them.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig, SignatureScheme,
};

use super::config::TlsFiles;

/// HTTP/2, which is all that gRPC speaks.
const ALPN: &[u8] = b"h2";
/// How to make a certificate that works.
pub const RECIPE: &str = "a certificate that works: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 \
    -keyout key.pem -out cert.pem -subj /CN=NAME -addext subjectAltName=DNS:NAME \
    -addext basicConstraints=critical,CA:FALSE (for an address: subjectAltName=IP:ADDRESS)";

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Certificates of a file.
///
/// # Errors
/// In words for the user.
pub fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bad = |e: &dyn std::fmt::Display| format!("{}: {e}", file.display());
    let pem = std::fs::read(file).map_err(|e| bad(&e))?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let all = all.map_err(|e| bad(&e))?;
    if all.is_empty() {
        return Err(bad(&format!("no certificate in it (PEM); {RECIPE}")));
    }
    Ok(all)
}

fn key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let bad = |e: &dyn std::fmt::Display| format!("{}: {e}", file.display());
    let pem = std::fs::read(file).map_err(|e| bad(&e))?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|e| bad(&format!("no private key in it (PEM, not encrypted): {e}")))
}

fn roots(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for cert in certificates(file)? {
        roots.add(cert).map_err(|e| format!("{}: a certificate that cannot sign others: {e}", file.display()))?;
    }
    Ok(roots)
}

/// What the service needs to speak TLS.
///
/// # Errors
/// In words for the user: which file, and what is wrong.
pub fn server(files: &TlsFiles) -> Result<Arc<ServerConfig>, String> {
    let builder = ServerConfig::builder_with_provider(provider());
    let builder = builder.with_safe_default_protocol_versions().map_err(|e| e.to_string())?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(file)?), provider());
            builder.with_client_cert_verifier(verifier.build().map_err(|e| format!("{}: {e}", file.display()))?)
        }
    };
    let config = builder.with_single_cert(certificates(&files.cert)?, key(&files.key)?);
    let mut config = config.map_err(|e| {
        format!("{} and {} do not go together: {e}; {RECIPE}", files.cert.display(), files.key.display())
    })?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(Arc::new(config))
}

/// What a client needs: certificates to trust, and its own where the service asks for one.
///
/// # Errors
/// In words for the user.
pub fn client(ca: &Path, own: Option<(&Path, &Path)>) -> Result<Arc<ClientConfig>, String> {
    let trusted = certificates(ca)?;
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots(ca)?), provider());
    let verifier = verifier.build().map_err(|e| format!("{}: {e}", ca.display()))?;
    let builder = ClientConfig::builder_with_provider(provider());
    let builder = builder.with_safe_default_protocol_versions().map_err(|e| e.to_string())?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(Named { trusted, verifier }));
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some((cert, file)) => builder
            .with_client_auth_cert(certificates(cert)?, key(file)?)
            .map_err(|e| format!("{} and {} do not go together: {e}", cert.display(), file.display()))?,
    };
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(Arc::new(config))
}

/// As everybody verifies certificates, and one thing more: a certificate that the user named itself may be the service's
/// own even when it could sign others too, as `openssl req -x509` makes them. It still has to be for that name, and to be
/// valid now.
#[derive(Debug)]
struct Named {
    trusted: Vec<CertificateDer<'static>>,
    verifier: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        cert: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.verifier.verify_server_cert(cert, chain, name, ocsp, now) {
            // Dates were checked before this was found out, the name was not.
            Err(Error::InvalidCertificate(CertificateError::Other(e)))
                if format!("{e:?}").contains("CaUsedAsEndEntity") && self.trusted.iter().any(|t| t == cert) =>
            {
                let parsed = ParsedCertificate::try_from(cert)?;
                tokio_rustls::rustls::client::verify_server_name(&parsed, name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// What to do about a handshake that failed, where that is known from what was said about it.
pub fn hint(words: &str) -> String {
    let words = words.to_ascii_lowercase();
    let says = |what: &[&str]| what.iter().any(|w| words.contains(w));
    if says(&["notvalidforname", "not valid for name"]) {
        format!("; the service's certificate is not for this name: {RECIPE}")
    } else if says(&["unknownissuer"]) {
        "; give the certificate that signed the service's, or the service's own, as --server-ca".into()
    } else if says(&["certificate expired", "certexpired"]) {
        format!("; the service's certificate has expired: {RECIPE}")
    } else if says(&["certificaterequired", "certificate required"]) {
        "; the service wants a certificate of the client: --client-cert and --client-key".into()
    } else if says(&["causedasendentity"]) {
        format!("; the service's certificate may only sign others: {RECIPE}; or give it as --server-ca itself")
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_certificates_say_how_to_make_one() {
        let file = std::env::temp_dir().join(format!("bpfvet-empty-{}.pem", std::process::id()));
        std::fs::write(&file, "").expect("written");
        let files = TlsFiles { cert: file.clone(), key: file.clone(), client_ca: None };
        let e = server(&files).expect_err("no certificate");
        assert!(e.contains("openssl req -x509") && e.contains("subjectAltName"), "{e}");
        std::fs::remove_file(&file).expect("removed");
        assert!(server(&files).is_err_and(|e| e.contains("bpfvet-empty")));
    }

    #[test]
    fn what_is_known_to_help_is_said() {
        assert!(hint("invalid peer certificate: NotValidForName").contains("subjectAltName"));
        assert!(hint("invalid peer certificate: UnknownIssuer").contains("--server-ca"));
        assert_eq!(hint("connection refused"), "");
    }
}
