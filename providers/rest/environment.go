package rest

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/chancela/chancela/providers/lang"
)

// Environments are the addresses of a service, and how its test environment is told from
// the one where signatures are legally valid.
type Environments struct {
	Sandbox, Production string // base addresses; empty: none is documented
	SandboxNote         string // what else people must know of the sandbox

	// Hosts are those that belong to production (true) or to the sandbox (false); one that
	// begins with a dot stands for all below it, the longest first.
	Hosts map[string]bool

	// KeyOf tells which environment a key is for, where it shows; nil: it does not.
	KeyOf func(key string) (production, shows bool)
}

// Base is the address that the settings lead to. With a key, what contradicts the
// environment is refused: otherwise a test would invite real people, or contracts would
// be signed where nothing is valid.
func (e Environments) Base(provider string, s Settings) (string, error) {
	base := s.BaseURL
	if base == "" {
		base = e.Sandbox
		if s.Production {
			base = e.Production
		}
	}
	if s.keyed() && !s.Uncalled {
		if err := e.check(provider, base, s); err != nil {
			return "", err
		}
	}
	return cmp.Or(base, e.Sandbox, e.Production), nil
}

func (s Settings) keyed() bool {
	if s.APIKey != "" {
		return true
	}
	for _, own := range s.Own {
		if own != "" {
			return true
		}
	}
	return false
}

func (e Environments) check(provider, base string, s Settings) error {
	variable := func(suffix string) string { return "CHANCELA_" + strings.ToUpper(provider) + "_" + suffix }
	env, other := "sandbox", "production"
	if s.Production {
		env, other = other, env
	}
	switch {
	case base == "" && !s.Production:
		return lang.Errorf("%s has one environment, the real one: set %s=production, or %s to a simulator's address", provider, variable("ENV"), variable("BASE_URL"))
	case base == "":
		return lang.Errorf("%s must be set: the address of %s's production service is not documented", variable("BASE_URL"), provider)
	case s.simulated(base):
		return nil
	}
	addresses := map[string]string{variable("BASE_URL"): base}
	for name, value := range s.Own {
		if strings.HasSuffix(name, "_URL") {
			addresses[variable(name)] = value.Reveal()
		}
	}
	for name, address := range addresses {
		if production, known := e.hostOf(address); known && production != s.Production {
			return lang.Errorf("%s=%s, and %s is an address of %s: want both in one environment", variable("ENV"), env, name, other)
		}
	}
	if e.KeyOf != nil {
		if production, shows := e.KeyOf(s.APIKey.Reveal()); shows && production != s.Production {
			return lang.Errorf("%s=%s, and %s is a key of %s: want both in one environment", variable("ENV"), env, variable("API_KEY"), other)
		}
	}
	return nil
}

func (s Settings) simulated(base string) bool {
	u, err := url.Parse(base)
	return s.Simulated || err == nil && IsLoopback(u.Hostname())
}

// hostOf tells whether an address is one of production, where that is known.
func (e Environments) hostOf(address string) (production, known bool) {
	u, err := url.Parse(address)
	if err != nil {
		return false, false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	longest := -1
	for pattern, real := range e.Hosts {
		if (host == strings.TrimPrefix(pattern, ".") || strings.HasPrefix(pattern, ".") && strings.HasSuffix(host, pattern)) && len(pattern) > longest {
			production, known, longest = real, true, len(pattern)
		}
	}
	return production, known
}

// Destination is where calls go, for people.
type Destination struct {
	Host       string
	Simulated  bool
	Production bool // signatures are legally valid
	Note       string
}

// Destination is where the settings lead to.
func (e Environments) Destination(provider string, s Settings) (Destination, error) {
	base, err := e.Base(provider, s)
	if err != nil {
		return Destination{}, err
	}
	u, err := url.Parse(base)
	if err != nil {
		return Destination{}, lang.Errorf("%s: the base address cannot be read", provider)
	}
	d := Destination{Host: u.Host, Simulated: s.simulated(base), Production: s.Production}
	if !d.Simulated && !d.Production {
		d.Note = e.SandboxNote
	}
	return d, nil
}

// Said names the destination and what a signature there is worth.
func (d Destination) Said() lang.Text {
	switch {
	case d.Simulated:
		return lang.Of("%s, a simulator (nothing is signed)", d.Host)
	case d.Production:
		return lang.Of("%s, production (signatures are legally valid)", d.Host)
	case d.Note != "":
		return lang.Of("%s, sandbox (signatures are not legally valid; %v)", d.Host, lang.Of(d.Note))
	}
	return lang.Of("%s, sandbox (signatures are not legally valid)", d.Host)
}

func (d Destination) String() string { return d.Said().String() }

// Environment is simulator, sandbox or production: what an envelope there can be mistaken for.
func (d Destination) Environment() string {
	switch {
	case d.Simulated:
		return "simulator"
	case d.Production:
		return "production"
	}
	return "sandbox"
}
