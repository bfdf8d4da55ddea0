package rest

import (
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/pace"
)

// Settings is what every provider's New takes.
type Settings struct {
	BaseURL       string // empty: the provider's own, by Production
	Simulated     bool   // BaseURL is a simulator's, also when it is no loopback address
	Production    bool   // where the provider has two environments
	APIKey        providers.Secret
	WebhookSecret providers.Secret
	WebhookURL    string // the public address of our receiver for this provider
	Pacer         pace.Pacer
	Observe       func(Observation) // nil: nobody
}
