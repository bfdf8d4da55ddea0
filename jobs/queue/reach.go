package queue

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	reachWithin = 6 * time.Second // the client itself would try for half a minute
	probeWithin = 2 * time.Second
)

// Reach asks whether the Redis of an address answers. An error says what is wrong with the
// address, where that can be found out: TLS with a server that does not speak it hangs, and
// plain text with one that does ends without a word.
func Reach(ctx context.Context, db redis.UniversalClient, address string) error {
	asking, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	err := db.Ping(asking).Err()
	if err == nil || ctx.Err() != nil {
		return err
	}
	u, parsed := url.Parse(address)
	if _, answered := errors.AsType[redis.Error](err); answered || parsed != nil {
		return err
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "6379")
	}
	switch {
	case u.Scheme == "rediss" && speaksPlainly(ctx, host):
		return errors.New("this Redis does not speak TLS: want redis:// instead of rediss://, or its TLS port")
	case u.Scheme == "redis" && speaksTLS(ctx, host):
		return errors.New("this Redis speaks TLS: want rediss:// instead of redis://")
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return Untrusted(e)
	}
	return err
}

// Untrusted says what to do about a certificate that is not trusted.
func Untrusted(err error) error {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fmt.Errorf("its certificate is of no authority that is trusted here: name the authority's own certificate in CHANCELA_CA_FILE: %w", err)
	}
	return fmt.Errorf("its certificate is not trusted: %w", err)
}

// speaksPlainly tells whether a server answers Redis' PING without TLS, if only to refuse it.
func speaksPlainly(ctx context.Context, host string) bool {
	conn, err := (&net.Dialer{Timeout: probeWithin}).DialContext(ctx, "tcp", host)
	if err != nil {
		return false
	}
	defer conn.Close()
	if conn.SetDeadline(time.Now().Add(probeWithin)) != nil {
		return false
	}
	if _, err := io.WriteString(conn, "PING\r\n"); err != nil {
		return false
	}
	first := make([]byte, 1)
	_, err = io.ReadFull(conn, first)
	return err == nil && (first[0] == '+' || first[0] == '-')
}

// speaksTLS tells whether a server makes a TLS connection. Nothing is sent over it.
func speaksTLS(ctx context.Context, host string) bool {
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: probeWithin}, Config: &tls.Config{InsecureSkipVerify: true}}
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	conn, err := d.DialContext(ctx, "tcp", host)
	if err == nil {
		conn.Close()
	}
	return err == nil
}
