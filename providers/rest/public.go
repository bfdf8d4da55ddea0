package rest

import (
	"crypto/x509"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
)

// guarded goes to addresses that others gave, and to public ones only. Without a proxy the
// rule is kept where the connection is made, by what the name was resolved to. A proxy
// resolves names itself, so what can be seen of the address is judged before it is asked:
// IP addresses, and names that exist in private networks only. What other names lead to
// is the proxy's to decide.
type guarded struct {
	direct, proxied *http.Transport
}

// newGuarded makes the way to given addresses; a simulator's may be private.
func newGuarded(local bool, roots *x509.CertPool) http.RoundTripper {
	g := guarded{direct: newTransport(roots), proxied: newTransport(roots)}
	g.direct.DisableCompression, g.proxied.DisableCompression = true, true // the bytes are the file
	if local {
		return g.proxied
	}
	g.direct.Proxy = nil
	g.direct.DialContext = newDialer(refusePrivate).DialContext
	return g
}

func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	proxy, err := g.proxied.Proxy(r)
	switch {
	case err != nil:
		closeBody(r)
		return nil, err
	case proxy == nil:
		return g.direct.RoundTrip(r)
	case !maybePublic(r.URL.Hostname()):
		closeBody(r)
		return nil, errRefusedAddress
	}
	return g.proxied.RoundTrip(r)
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}

// privateNames end the names that no public network has.
var privateNames = []string{"localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa", "localdomain"}

// maybePublic judges a host without a look-up. Numbers in other forms than netip's (127.1,
// 0x7f000001) are addresses to many programs, and refused.
func maybePublic(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return isPublic(ip)
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if strings.ContainsAny(host, ":%") || !strings.Contains(host, ".") {
		return false
	}
	for _, name := range privateNames {
		if strings.HasSuffix(host, "."+name) {
			return false
		}
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != "" && strings.Trim(last, "0123456789") != "" && !strings.HasPrefix(last, "0x")
}

// refusePrivate is a [net.Dialer.Control]: it sees the address that the name was
// resolved to, whatever it resolves to the next time.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !isPublic(ap.Addr()) {
		return errRefusedAddress
	}
	return nil
}

// notPublic are the ranges that [netip.Addr]'s own predicates do not cover.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),        // this network
	netip.MustParsePrefix("168.63.129.16/32"), // Azure's services for its machines
	netip.MustParsePrefix("100.64.0.0/10"),    // carrier-grade NAT
	netip.MustParsePrefix("192.0.0.0/24"),     // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),     // documentation
	netip.MustParsePrefix("198.18.0.0/15"),    // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"),  // documentation
	netip.MustParsePrefix("203.0.113.0/24"),   // documentation
	netip.MustParsePrefix("240.0.0.0/4"),      // reserved, broadcast
	netip.MustParsePrefix("::/32"),            // an IPv4 address inside, in one of the old forms
	netip.MustParsePrefix("64:ff9b::/96"),     // NAT64: an IPv4 address inside
	netip.MustParsePrefix("64:ff9b:1::/48"),   // NAT64, local
	netip.MustParsePrefix("100::/64"),         // discard
	netip.MustParsePrefix("2001::/32"),        // Teredo: an IPv4 address inside
	netip.MustParsePrefix("2001:db8::/32"),    // documentation
	netip.MustParsePrefix("3fff::/20"),        // documentation
	netip.MustParsePrefix("5f00::/16"),        // segment routing
	netip.MustParsePrefix("2002::/16"),        // 6to4: an IPv4 address inside
	netip.MustParsePrefix("fec0::/10"),        // site-local
}

func isPublic(ip netip.Addr) bool {
	if ip.Is4In6() || ip.Zone() != "" || !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}
