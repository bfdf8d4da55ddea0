package rest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/chancela/chancela/providers"
)

// distrust says what is wrong with the certificate that another side has shown, and what
// to do; empty: nothing is. The library's own words would repeat the certificate's.
func distrust(err error) string {
	shown, bad := errors.AsType[*tls.CertificateVerificationError](err)
	if !bad {
		return ""
	}
	if _, strange := errors.AsType[x509.UnknownAuthorityError](shown); strange {
		return "the certificate is signed by nobody who is trusted here: where a company's proxy opens connections, CHANCELA_CA_FILE must name a file with its root (or SSL_CERT_FILE one with all)"
	}
	if _, none := errors.AsType[x509.SystemRootsError](shown); none {
		return "there are no roots to check the certificate by: CHANCELA_CA_FILE or SSL_CERT_FILE must name a file with them"
	}
	if _, other := errors.AsType[x509.HostnameError](shown); other {
		return "the certificate is for another name: look at the address, and at what stands in between"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](shown); ok && invalid.Reason == x509.Expired {
		return "the certificate has run out or is not valid yet: look at this machine's clock, and at what stands in between"
	}
	return "the certificate is not valid: look at the address, and at what stands in between"
}

// untrusted is a server that is not believed to be the one that is meant: nothing of the
// request has left. It stays so until somebody mends it, so it stops the provider, as a
// refused key does, and no envelope is failed for it.
func (call *call) untrusted(why string) error {
	e := call.fail(providers.Denied, errors.New(why))
	e.Code = CodeCertificate
	return e
}
