//! Certificates for engines that speak TLS: an authority of their own, and a server's certificate for loopback.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    EngineError,
    home::write_private,
    program::{self, Program},
};

const OPENSSL: Program = Program { name: "openssl", package: "openssl", directory: "/usr/bin" };

const CONFIGURATION: &str = "\
[req]
distinguished_name = name
prompt = no
[name]
CN = spike engines
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1, DNS:localhost
";

/// Where the files are, all PEM.
#[derive(Debug, Clone)]
pub(crate) struct Certificates {
    /// The certificate that clients must trust.
    pub(crate) authority: PathBuf,
    /// The server's certificate.
    pub(crate) certificate: PathBuf,
    /// The server's private key.
    pub(crate) key: PathBuf,
}

impl Certificates {
    /// Makes them in a directory, or takes those that are there.
    pub(crate) async fn make(directory: &Path) -> Result<Self, EngineError> {
        let file = |name: &str| directory.join(name);
        let made = Self { authority: file("ca.pem"), certificate: file("server.pem"), key: file("server.key") };
        if made.certificate.exists() {
            return Ok(made);
        }
        let configuration = file("openssl.cnf");
        write_private(&configuration, CONFIGURATION)?;
        let request = |extensions: &str, certificate: &Path, key: &Path| -> Result<Command, EngineError> {
            let mut openssl = Command::new(OPENSSL.find()?);
            openssl
                .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"])
                .args(["-days", "30", "-extensions", extensions, "-config"])
                .arg(&configuration)
                .arg("-out")
                .arg(certificate)
                .arg("-keyout")
                .arg(key);
            Ok(openssl)
        };
        let authority_key = file("ca.key");
        program::run(request("authority", &made.authority, &authority_key)?).await?;
        let mut server = request("server", &made.certificate, &made.key)?;
        server.args(["-subj", "/CN=127.0.0.1"]);
        server.arg("-CA").arg(&made.authority).arg("-CAkey").arg(&authority_key);
        program::run(server).await?;
        Ok(made)
    }
}
