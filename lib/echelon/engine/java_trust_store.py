"""The certificate authorities that this machine trusts, in the form that Java reads.

A Java from a wheel brings its own list; a company's proxy or mirror is only in the machine's.
"""

import re
import ssl
import warnings
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

PASSWORD = "changeit"  # Java's customary one: the list is public
BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem")
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def write_trust_store(file: Path) -> None:
    """Write the authorities of Python's, the system's and certifi's bundles as a Java trust store."""
    certificates = sorted(set().union(*(_CERTIFICATE.findall(path.read_bytes()) for path in _bundles())))
    known = [pkcs12.PKCS12Certificate(c, c.fingerprint(hashes.SHA256()).hex().encode()) for c in _parsed(certificates)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pkcs12.serialize_java_truststore(known, BestAvailableEncryption(PASSWORD.encode())))


def _bundles() -> list[Path]:
    named = (ssl.get_default_verify_paths().cafile, *BUNDLES, certifi.where())
    return [Path(name) for name in named if name and Path(name).is_file()]


def _parsed(texts: list[bytes]) -> list[x509.Certificate]:
    parsed = []
    for text in texts:
        try:
            with warnings.catch_warnings(action="error"):
                parsed.append(x509.load_pem_x509_certificate(text))
        except (ValueError, Warning):  # an authority whose certificate breaks the standard can be done without
            continue
    return parsed
