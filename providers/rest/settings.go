package rest

import (
	"crypto/x509"
	"log/slog"
	"strings"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// Settings is what every provider's New takes.
type Settings struct {
	BaseURL       string // empty: the provider's own, by Production
	Simulated     bool   // BaseURL is a simulator's, also when it is no loopback address
	Production    bool   // where the provider has two environments
	Uncalled      bool   // it only judges envelopes: whether address and key fit together is nobody's concern
	APIKey        providers.Secret
	WebhookSecret providers.Secret
	WebhookURL    string                      // the public address of our receiver for this provider
	NoCallback    bool                        // the account has no address for callbacks, as its doctor has found out
	Own           map[string]providers.Secret // what only this provider has, by [Setting.Name]
	Roots         *x509.CertPool              // nil: the system's
	Zone          *time.Location              // whose days the last one to sign is of; nil: UTC
	Pacer         pace.Pacer
	Observe       func(Observation) // nil: nobody
	Log           *slog.Logger      // nil: nobody
}

// Config is what the settings mean for a client of one of the provider's addresses.
func (s Settings) Config(provider, base string) Config {
	return Config{Provider: provider, Base: strings.TrimRight(base, "/"), Simulated: s.Simulated, Pacer: s.Pacer, Observe: s.Observe, Key: s.APIKey, Roots: s.Roots, Log: s.Log}
}

// Setting is an environment variable that only one provider has, beside those that all
// have: CHANCELA_<PROVIDER>_<Name>. Its value comes in [Settings.Own].
type Setting struct {
	Name    string
	Secret  bool   // hidden, and may come from a file
	Address bool   // an https or http address
	Key     bool   // set, it is the key: none other is needed
	With    string // a setting that must be set where this one is, and the other way round
	UsedBy  string // an address that is called where this setting is set, the service's own when empty
}
