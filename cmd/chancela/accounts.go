package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/ledger"
)

// accountID tells a provider's account from others, as far as its key does: of an account with
// a new key nothing is known before the doctor has looked again. Without a key it is empty.
func (c *config) accountID(name string) string {
	a := c.account(name)
	if a.APIKey == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{name, string(a.Env), a.APIKey.Reveal()}, "\n")))
	return hex.EncodeToString(sum[:8])
}

// learn reads what the doctor has found out about the accounts. What cannot be read is not
// known, and holds nobody up: the provider will say it.
func (c *config) learn(ctx context.Context, db redis.UniversalClient) {
	for _, p := range c.uncalled() {
		known, err := ledger.New(db, ledger.NotDurable).Holds(ctx, p.Name, c.accountID(p.Name), string(providers.NoCallback))
		c.account(p.Name).noCallback = known && err == nil
	}
}

// uncalled are the providers that may have no address for callbacks, and need one.
func (c *config) uncalled() []registry.Provider {
	var all []registry.Provider
	for _, p := range registry.All() {
		if a := c.account(p.Name); p.Callback && a.APIKey != "" && a.WebhookURL == "" {
			all = append(all, p)
		}
	}
	return all
}

// learnFirst is learn for a command that has not opened its Redis yet.
func (c *config) learnFirst(ctx context.Context) {
	if c.RedisURL == "" || len(c.uncalled()) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	db, end, err := c.reachRedis(ctx)
	if err != nil {
		return
	}
	defer end()
	c.learn(ctx, db)
}

// selfOf reads who the doctor's user is: NAME,E-MAIL,CPF.
func selfOf(text string) (providers.Signer, error) {
	if text == "" {
		return providers.Signer{}, nil
	}
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	form := lang.Of("want --self \"NAME,E-MAIL,CPF\": your own full name, address and number")
	if len(parts) != 3 || parts[0] == "" {
		return providers.Signer{}, lang.Errorf("%v", form)
	}
	number := strings.NewReplacer(".", "", "-", "", "/", "", " ", "").Replace(parts[2])
	switch {
	case strings.Count(parts[1], "@") != 1 || strings.HasPrefix(parts[1], "@") || strings.HasSuffix(parts[1], "@"):
		return providers.Signer{}, lang.Errorf("%v; the second is no e-mail address", form)
	case !providers.ValidTaxID(number):
		return providers.Signer{}, lang.Errorf("%v; the third is no CPF or CNPJ", form)
	}
	return providers.Signer{Name: parts[0], Email: parts[1], Document: number}, nil
}
