package main

import (
	"net"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/rest"
)

// What means a real provider never ends at a simulator. These are the settings that
// contradict each other: every command but config refuses them.

// refusals are all of them, a sentence each.
func (c *config) refusals(environ map[string]string) []lang.Text {
	var all []lang.Text
	for _, m := range mistakes(environ) {
		all = append(all, m.said())
	}
	if c.NotifySecret != "" && c.NotifyURL == "" {
		all = append(all, lang.Of("%[1]sNOTIFY_SECRET is set, and %[1]sNOTIFY_URL is not: nobody would be told of anything. Set the address, or unset both", prefix))
	}
	for _, name := range registry.Names() {
		if !c.hasKey(name) {
			for _, setting := range c.meansReal(name) {
				all = append(all, lang.Of("%s is set, and %s is not: set the key, or unset both", setting, variable(name, "API_KEY")))
			}
			continue
		}
		if why := c.contradiction(name); !why.IsZero() {
			all = append(all, why)
		}
	}
	return all
}

// meansReal are the settings of a provider that make no sense without its key.
func (c *config) meansReal(name string) []string {
	a := c.account(name)
	var all []string
	add := func(suffix string, is bool) {
		if is {
			all = append(all, variable(name, suffix))
		}
	}
	if a.Env == production {
		all = append(all, variable(name, "ENV")+"=production")
	}
	add("BASE_URL", a.BaseURL != "")
	add("WEBHOOK_SECRET", a.WebhookSecret != "")
	add("WEBHOOK_URL", a.WebhookURL != "")
	p, _ := registry.Find(name)
	for _, own := range p.Own {
		add(own.Name, own.Address && a.own[own.Name] != "")
	}
	return all
}

// contradiction says what does not go together in the settings of a provider with a key.
func (c *config) contradiction(name string) lang.Text {
	a := c.account(name)
	base := variable(name, "BASE_URL")
	switch {
	case c.Simulate == yes && a.Env == production:
		return lang.Of("%sSIMULATE=yes and %s=production contradict each other", prefix, variable(name, "ENV"))
	case c.Simulate == yes && c.isReal(name):
		return lang.Of("%sSIMULATE=yes, and %s is for a real service: unset one of them, or set %s to a simulator's address (plain http, or this machine)",
			prefix, variable(name, "API_KEY"), base)
	case a.BaseURL.isPlain() && c.isReal(name) && a.Env == production:
		return lang.Of("%s is plain http, which shows the key to everybody on the way: want https", base)
	case a.Env == production && a.BaseURL != "" && !c.isReal(name):
		return lang.Of("%s=production, and %s is this machine: a real service is elsewhere", variable(name, "ENV"), base)
	case c.isReal(name) && a.BaseURL != "" && c.simulates(a.BaseURL):
		return lang.Of("%s is a simulator's address, and %s is not: want all at one place", base, lang.Or(c.elsewhere(name)))
	}
	if _, err := c.destination(name); err != nil {
		return lang.Of("%v", err)
	}
	return lang.Text{}
}

// destination is where a provider's calls go. An error is a contradiction between the
// environment, the address and the key.
func (c *config) destination(name string) (rest.Destination, error) {
	p, _ := registry.Find(name)
	return p.Environments.Destination(name, c.providerSettings(name))
}

// destinations are where the calls of all providers with a key go, and what a signature there is
// worth. Several simulators are one of them: their ports tell nobody anything.
func (c *config) destinations() (all []lang.Text, err error) {
	var simulated, at []string
	for _, name := range c.keyed() {
		d, err := c.destination(name)
		if err != nil {
			return nil, err
		}
		all = append(all, lang.Of("%s goes to %s", name, d))
		if host, _, err := net.SplitHostPort(d.Host); d.Simulated && err == nil {
			simulated = append(simulated, name)
			if !slices.Contains(at, host) {
				at = append(at, host)
			}
		}
	}
	if n := len(simulated); n > 1 && n == len(all) {
		all = []lang.Text{lang.Of("%s go to simulators at %s (nothing is signed)", strings.Join(simulated, ", "), strings.Join(at, ", "))}
	}
	return all, nil
}

// isReal tells whether a provider is called over the network: not a simulator.
func (c *config) isReal(name string) bool {
	return !c.simulates(c.account(name).BaseURL) || len(c.elsewhere(name)) > 0
}

// elsewhere are the variables of a provider's further addresses that are no simulator's.
func (c *config) elsewhere(name string) []string {
	p, _ := registry.Find(name)
	set := c.account(name).own
	var all []string
	for _, own := range p.Own {
		value := set[own.Name].Reveal()
		used := value != "" || own.UsedBy != "" && set[own.UsedBy] != ""
		if own.Address && used && !c.simulates(address(value)) {
			all = append(all, p.Variable(own.Name))
		}
	}
	return all
}

// simulates tells whether an address is a simulator's: on this machine, or plain http and
// said to be one. An empty one is the service's own.
func (c *config) simulates(a address) bool {
	return a.isLoopback() || c.Simulate == yes && a.isPlain()
}

// emptyKeys are variables for keys that are set and hold nothing.
func emptyKeys(environ map[string]string) []string {
	var names []string
	for _, p := range registry.All() {
		suffixes := []string{"API_KEY", "API_KEY_FILE"}
		for _, own := range p.Own {
			if own.Secret {
				suffixes = append(suffixes, own.Name, own.Name+"_FILE")
			}
		}
		for _, suffix := range suffixes {
			if value, ok := environ[p.Variable(suffix)]; ok && strings.TrimSpace(value) == "" {
				names = append(names, p.Variable(suffix))
			}
		}
	}
	return names
}

// asked refuses simulators that nobody has asked for. Without a Redis they are this
// process's own, and the first line says so; over a Redis others would believe them.
func (c *config) asked(command string, environ map[string]string) error {
	switch {
	case len(c.keyed()) > 0 || c.Simulate == yes:
		return nil
	case c.RedisURL != "":
		return usage("%s: no provider has a key: set %s<PROVIDER>_API_KEY, or %sSIMULATE=yes for simulated providers, which sign nothing", command, prefix, prefix)
	}
	if empty := emptyKeys(environ); len(empty) > 0 {
		return usage("%s: %s is set and empty: fill it, or unset it for simulated providers, which sign nothing", command, empty[0])
	}
	return nil
}
