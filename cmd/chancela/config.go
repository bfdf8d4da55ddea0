package main

import (
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // small images have no zones

	"github.com/caarlos0/env/v11"
	"golang.org/x/text/language"

	"github.com/chancela/chancela/jobs/api"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage"
)

// prefix begins the name of every variable.
const prefix = "CHANCELA_"

// config is the environment, parsed.
type config struct {
	RedisURL        providers.Secret `env:"REDIS_URL"`
	AcceptRedisRisk string           `env:"ACCEPT_REDIS_RISK"` // yes: a Redis that may forget is good enough
	ArchiveURL      string           `env:"ARCHIVE_URL" envDefault:"./archive"`
	Marks           string           `env:"MARKS" envDefault:"on"` // off: invitations are not marked in the archive
	Simulate        string           `env:"SIMULATE"`              // yes: simulated providers, also over a Redis
	KeepLinks       string           `env:"KEEP_LINKS"`            // yes: signing links are kept until the envelope ends

	// What the AWS SDK has no variable for.
	S3SSE       string `env:"S3_SSE"`
	S3KMSKeyID  string `env:"S3_KMS_KEY_ID"`
	S3PathStyle string `env:"S3_PATH_STYLE"`

	RetryBase time.Duration `env:"RETRY_BASE" envDefault:"2s"`
	RetryMax  time.Duration `env:"RETRY_MAX" envDefault:"10m"`
	Attempts  int           `env:"ATTEMPTS" envDefault:"25"`
	HaltAfter rowOfFailures `env:"HALT_AFTER" envDefault:"5"` // failures in a row for one reason; 0: never

	HTTPAddr     listenAddr       `env:"HTTP_ADDR" envDefault:"127.0.0.1:8080"`
	APIKeys      providers.Secret `env:"API_KEYS"`
	HTTPSources  string           `env:"HTTP_SOURCES"` // what the keys may name as documents: NAME=s3://BUCKET/PREFIX
	NotifyURL    address          `env:"NOTIFY_URL"`
	NotifySecret providers.Secret `env:"NOTIFY_SECRET"`

	MetricsAddr listenAddr `env:"METRICS_ADDR"` // where work and schedule answer /metrics and /healthz; serve does on HTTP_ADDR

	Roots roots `env:"CA_FILE"` // PEM; trusted beside the system's, for every connection

	TZ timeZone `env:"TZ" envDefault:"America/Sao_Paulo"` // whose days and hours people mean

	Lang speech `env:"LANG"` // of what people read; without it, by the system's LANG

	LogLevel logLevel `env:"LOG_LEVEL" envDefault:"info"`

	accounts map[string]*account // by provider
}

// account is how one provider is reached. What the provider itself says is zero when it
// was not set.
type account struct {
	APIKey        providers.Secret `env:"API_KEY"`
	BaseURL       address          `env:"BASE_URL"`
	Env           environment      `env:"ENV" envDefault:"sandbox"`
	Rate          rate             `env:"RATE"`
	Burst         int              `env:"BURST"`
	Concurrency   int              `env:"CONCURRENCY" envDefault:"16"`
	PollEvery     time.Duration    `env:"POLL_EVERY"`
	SettleAfter   time.Duration    `env:"SETTLE_AFTER" envDefault:"15s"`
	WebhookSecret providers.Secret `env:"WEBHOOK_SECRET"`
	WebhookURL    address          `env:"WEBHOOK_URL"`

	own        map[string]providers.Secret // what only this provider has
	noCallback bool                        // as the doctor has found out: see learn
}

// address is one that requests go to, or come from.
type address string

func (a *address) UnmarshalText(b []byte) error {
	u, err := url.Parse(string(b))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return lang.Errorf("want an address of the form https://host/path, without user or password") // not repeated: it may hold one
	}
	*a = address(strings.TrimSuffix(string(b), "/"))
	return nil
}

// isLoopback tells whether an address is on this machine.
func (a address) isLoopback() bool {
	u, err := url.Parse(string(a))
	return err == nil && rest.IsLoopback(u.Hostname())
}

// isPlain tells whether requests to an address can be read on the way.
func (a address) isPlain() bool { return strings.HasPrefix(strings.ToLower(string(a)), "http://") }

// listenAddr is where this process listens: host:port, or :port for all addresses.
type listenAddr string

func (a *listenAddr) UnmarshalText(b []byte) error {
	_, port, err := net.SplitHostPort(string(b))
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return lang.Errorf("%q is not of the form host:port, such as 127.0.0.1:8080 or :8080", b)
	}
	*a = listenAddr(b)
	return nil
}

// logLevel is debug, info, warn or error.
type logLevel slog.Level

func (l *logLevel) UnmarshalText(b []byte) error {
	if (*slog.Level)(l).UnmarshalText(b) != nil {
		return lang.Errorf("%q is not one of debug, info, warn, error", b)
	}
	return nil
}

// timeZone is one of the IANA's.
type timeZone struct{ *time.Location }

func (z *timeZone) UnmarshalText(b []byte) (err error) {
	if z.Location, err = time.LoadLocation(string(b)); err != nil || string(b) == "Local" {
		return lang.Errorf("%q is not a time zone such as America/Sao_Paulo or UTC", b)
	}
	return nil
}

// yes is the one word for what must be asked for, off for what must be given up by name.
const (
	yes = "yes"
	off = "off"
)

// production is the environment where contracts are real.
const production environment = "production"

// environment is which of a provider's two worlds is meant.
type environment string

func (e *environment) UnmarshalText(b []byte) error {
	if s := string(b); s != "sandbox" && s != string(production) {
		return lang.Errorf("%q is neither sandbox nor production", s)
	}
	*e = environment(b)
	return nil
}

// rate is a number of requests per period: 100/1m.
type rate struct {
	Requests int
	Per      time.Duration
}

func (r *rate) UnmarshalText(b []byte) error {
	requests, per, ok := strings.Cut(string(b), "/")
	n, err := strconv.Atoi(strings.TrimSpace(requests))
	if !ok || err != nil || n <= 0 {
		return lang.Errorf("%q is not a number of requests per period such as 100/1m", b)
	}
	per = strings.TrimSpace(per)
	if per != "" && (per[0] < '0' || per[0] > '9') {
		per = "1" + per // 10/s
	}
	d, err := time.ParseDuration(per)
	if err != nil || d <= 0 || d/time.Duration(n) < time.Microsecond {
		return lang.Errorf("%q is not a number of requests per period such as 100/1m", b)
	}
	*r = rate{n, d}
	return nil
}

func (r rate) String() string { return fmt.Sprintf("%d/%s", r.Requests, short(r.Per)) }

// rowOfFailures is how many failures in a row halt a campaign; 0: none do.
type rowOfFailures int

func (n *rowOfFailures) UnmarshalText(b []byte) error {
	i, err := strconv.Atoi(string(b))
	if err != nil || i < 0 || i > 1_000_000 {
		return lang.Errorf("%q is not a whole number from 0, which is never", b)
	}
	*n = rowOfFailures(i)
	return nil
}

// parsers judge what the types of the standard library would take too generously: all
// durations and numbers here are above zero.
var parsers = map[reflect.Type]env.ParserFunc{
	reflect.TypeFor[time.Duration](): func(s string) (any, error) {
		d, err := time.ParseDuration(s)
		if err != nil || d <= 0 {
			return nil, lang.Errorf("%q is not a duration such as 30s or 10m", s)
		}
		return d, nil
	},
	reflect.TypeFor[int](): func(s string) (any, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n <= 0 || n > 1_000_000 {
			return nil, lang.Errorf("%q is not a whole number above 0", s)
		}
		return n, nil
	},
}

// field is one variable.
type field struct {
	env.FieldParams
	secret bool // hidden, and may come from a file
}

// fields are all variables with their defaults: those of the struct, then those of every
// provider.
func fields() []field {
	all := fieldsOf(&config{}, prefix)
	for _, p := range registry.All() {
		all = append(all, fieldsOf(&account{}, p.Variable(""))...)
		for _, own := range p.Own {
			f := env.FieldParams{OwnKey: own.Name, Key: p.Variable(own.Name)}
			all = append(all, field{f, own.Secret})
		}
	}
	return all
}

func fieldsOf(of any, prefix string) []field {
	params, err := env.GetFieldParamsWithOptions(of, env.Options{Prefix: prefix})
	if err != nil {
		panic(err) // the struct's own tags are wrong
	}
	var all []field
	for _, f := range params {
		if f.OwnKey != "" {
			all = append(all, field{f, isSecret(f.OwnKey)})
		}
	}
	return all
}

// loadConfig parses the environment and refuses settings that contradict each other.
func loadConfig(environ map[string]string) (*config, error) {
	c, err := parseConfig(environ)
	if err != nil {
		return nil, err
	}
	if all := c.refusals(environ); len(all) > 0 {
		return nil, usage("%v", all[0])
	}
	return c, nil
}

// parseConfig parses the environment. A bad value is an error that names its variable.
func parseConfig(environ map[string]string) (*config, error) {
	values, err := withFiles(environ)
	if err != nil {
		return nil, err
	}
	c := &config{accounts: make(map[string]*account)}
	if err := parse(c, prefix, values); err != nil {
		return nil, err
	}
	for _, p := range registry.All() {
		if c.accounts[p.Name], err = parseAccount(p, values); err != nil {
			return nil, err
		}
	}
	if c.Lang.Tag == language.Und {
		c.Lang, _ = spokenBy(environ)
	}
	for name, value := range map[string]string{"ACCEPT_REDIS_RISK": c.AcceptRedisRisk, "SIMULATE": c.Simulate, "KEEP_LINKS": c.KeepLinks} {
		if value != "" && value != yes {
			return nil, usage("%s%s: want yes, or nothing", prefix, name)
		}
	}
	if c.Marks != "on" && c.Marks != off {
		return nil, usage("%sMARKS: want on or off", prefix)
	}
	if c.RetryMax < c.RetryBase {
		return nil, usage("%sRETRY_MAX: want at least %sRETRY_BASE, which is %s", prefix, prefix, c.RetryBase)
	}
	if err := checkProxies(environ); err != nil {
		return nil, err
	}
	return c, c.checkAddresses()
}

// checkAddresses refuses early what would fail late: nothing is opened or connected to.
func (c *config) checkAddresses() error {
	if err := c.checkRedis(); err != nil {
		return err
	}
	if err := storage.Check(c.ArchiveURL); err != nil {
		return usage("%sARCHIVE_URL: %w", prefix, err)
	}
	if err := c.s3().Check(); err != nil {
		return usage("%w", err)
	}
	_, err := c.keys()
	return err
}

// keys are those of the HTTP API, with the objects that each may name.
func (c *config) keys() ([]api.Key, error) {
	keys, err := api.ParseKeys(c.APIKeys.Reveal())
	if err != nil {
		return nil, usage("%sAPI_KEYS: %w", prefix, err)
	}
	if err := api.ParseSources(c.HTTPSources, keys); err != nil {
		return nil, usage("%sHTTP_SOURCES: %w", prefix, err)
	}
	return keys, nil
}

// parseAccount reads the variables of one provider.
func parseAccount(p registry.Provider, values map[string]string) (*account, error) {
	a := &account{own: make(map[string]providers.Secret)}
	if err := parse(a, p.Variable(""), values); err != nil {
		return nil, err
	}
	var err error
	if a.WebhookSecret, err = p.WebhookSecret(a.WebhookSecret); err != nil {
		return nil, usage("%s: %w", p.Variable("WEBHOOK_SECRET"), err)
	}
	for _, own := range p.Own {
		value := values[p.Variable(own.Name)]
		if own.Address && value != "" {
			var clean address
			if err := clean.UnmarshalText([]byte(value)); err != nil {
				return nil, usage("%s: %w", p.Variable(own.Name), err)
			}
			value = string(clean)
		}
		if value != "" {
			a.own[own.Name] = providers.Secret(value)
		}
	}
	for _, own := range p.Own {
		if own.With != "" && (a.own[own.Name] == "") != (a.own[own.With] == "") {
			return nil, usage("%s and %s: want both or none", p.Variable(own.Name), p.Variable(own.With))
		}
	}
	return a, nil
}

// parse reads the variables that begin with prefix into a struct. A bad value is an error
// that names its variable.
func parse(into any, prefix string, values map[string]string) error {
	err := env.ParseWithOptions(into, options(prefix, values))
	if err == nil {
		return nil
	}
	// The library names the field: one variable at a time tells which it was.
	for _, name := range slices.Sorted(maps.Keys(values)) {
		alone := reflect.New(reflect.TypeOf(into).Elem()).Interface()
		err := env.ParseWithOptions(alone, options(prefix, map[string]string{name: values[name]}))
		if err == nil {
			continue
		}
		cause := err
		if all, ok := err.(env.AggregateError); ok && len(all.Errors) > 0 {
			cause = all.Errors[0]
		}
		if p, ok := cause.(env.ParseError); ok {
			cause = p.Err
		}
		return usage("%s: %v", name, cause)
	}
	return usage("configuration: %v", err)
}

func options(prefix string, values map[string]string) env.Options {
	return env.Options{Prefix: prefix, Environment: values, FuncMap: parsers}
}

// short is a duration without the zeros at its end: 1m, not 1m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
