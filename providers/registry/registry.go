// Package registry lists the signing services that chancela can use. It is the one place
// outside a provider's folder that knows its name.
package registry

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/catalisa"
	"github.com/chancela/chancela/providers/certyneo"
	"github.com/chancela/chancela/providers/contraktor"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/qisign"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/providers/sdoc"
)

// All are the providers, in the order in which tables and lists show them.
func All() []Provider {
	return []Provider{
		{Name: contraktor.Name, New: from(contraktor.New), Examine: contraktor.Examine, Environments: contraktor.Environments, Simulator: sandbox.NewContraktor},
		{Name: certyneo.Name, New: from(certyneo.New), Examine: certyneo.Examine, Environments: certyneo.Environments, Simulator: sandbox.NewCertyneo},
		{Name: sdoc.Name, New: from(sdoc.New), Examine: sdoc.Examine, Environments: sdoc.Environments, Simulator: sandbox.NewSDoc, Own: sdoc.Own, Scheme: true, Callback: true},
		{Name: catalisa.Name, New: from(catalisa.New), Examine: catalisa.Examine, Environments: catalisa.Environments, Simulator: sandbox.NewCatalisa, Own: catalisa.Own, WebhookPEM: true},
		{Name: qisign.Name, New: from(qisign.New), Examine: qisign.Examine, Environments: qisign.Environments, Simulator: sandbox.NewQISign, Own: qisign.Own},
	}
}

// Provider is one signing service.
type Provider struct {
	Name      string // in CSV files and addresses; in capitals in environment variables
	New       func(rest.Settings) (providers.Provider, error)
	Simulator func(sb *sandbox.Sandbox, name string) *sandbox.Service

	Examine func(context.Context, rest.Settings, rest.Visit) error // tries an account without reaching anybody; nil: cannot

	Environments rest.Environments

	Own        []rest.Setting // the settings that no other provider has
	WebhookPEM bool           // the webhook secret is PEM text, and its variable may name a file with it
	Callback   bool           // without any address for callbacks it takes no envelope
	Scheme     bool           // the key is the whole header: "Bearer " may stand in front of it
}

func from[P providers.Provider](make func(rest.Settings) (P, error)) func(rest.Settings) (providers.Provider, error) {
	return func(s rest.Settings) (providers.Provider, error) { return make(s) }
}

// Find is the provider of a name.
func Find(name string) (Provider, bool) {
	all := All()
	if i := slices.IndexFunc(all, func(p Provider) bool { return p.Name == name }); i >= 0 {
		return all[i], true
	}
	return Provider{}, false
}

// Known tells whether there is a provider of a name.
func Known(name string) bool {
	_, ok := Find(name)
	return ok
}

// Names are the providers' names.
func Names() []string {
	var names []string
	for _, p := range All() {
		names = append(names, p.Name)
	}
	return names
}

// Simulators are those of all providers.
func Simulators() []sandbox.Simulator {
	var all []sandbox.Simulator
	for _, p := range All() {
		all = append(all, sandbox.Simulator{Name: p.Name, New: p.Simulator})
	}
	return all
}

// Variable is the name of one of the provider's environment variables.
func (p Provider) Variable(suffix string) string {
	return "CHANCELA_" + strings.ToUpper(p.Name) + "_" + suffix
}

// Settings are what the variables of an environment say, such as [sandbox.Sandbox.Env].
func (p Provider) Settings(env map[string]string) (rest.Settings, error) {
	secret := func(suffix string) providers.Secret { return providers.Secret(env[p.Variable(suffix)]) }
	s := rest.Settings{BaseURL: env[p.Variable("BASE_URL")], APIKey: secret("API_KEY"), WebhookURL: env[p.Variable("WEBHOOK_URL")],
		Own: make(map[string]providers.Secret)}
	for _, own := range p.Own {
		s.Own[own.Name] = secret(own.Name)
	}
	var err error
	s.WebhookSecret, err = p.WebhookSecret(secret("WEBHOOK_SECRET"))
	return s, err
}

const mostPEM = 64 << 10

// WebhookSecret is the secret that the variable's value stands for: the value, or what is
// in the file that it names.
func (p Provider) WebhookSecret(value providers.Secret) (providers.Secret, error) {
	if !p.WebhookPEM || value == "" || strings.Contains(value.Reveal(), "-----BEGIN") {
		return value, nil
	}
	f, err := os.Open(value.Reveal())
	if err != nil {
		return "", lang.Errorf("want a file with the PEM public key: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostPEM+1))
	switch {
	case err != nil:
		return "", lang.Errorf("want a file with the PEM public key: %w", err)
	case len(text) > mostPEM:
		return "", lang.Errorf("want a file with the PEM public key: it has more than %d KiB", mostPEM>>10)
	}
	return providers.Secret(text), nil
}
