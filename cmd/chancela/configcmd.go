package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/ledger"
)

func newConfig(sys *system) *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "The effective configuration, secrets masked",
		Long: `Config prints every variable with its value and where that comes from: the environment, a
file (every secret may stand in a file that NAME_FILE points to), or the default. It names
variables that begin with CHANCELA_ and are not known, and says how durable the writes of the
configured Redis are. Settings with which no other command starts are named, with exit status 2.`,
		Example: `  chancela config
  chancela config | grep RATE`,
		GroupID: groupServe,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := parseConfig(sys.env)
			if err != nil {
				return err
			}
			settings, err := cfg.settings(sys.env)
			if err != nil {
				return err
			}
			var table strings.Builder
			w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
			for _, s := range settings {
				fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, s.Value, sys.sourceWord(s.Source))
			}
			if err := w.Flush(); err != nil {
				return err
			}
			lines := strings.Split(table.String(), "\n")
			for i, s := range settings {
				sys.tell("setting", s, lang.Plain(lines[i]))
			}
			redis := cfg.durability(cmd.Context())
			sys.tell("redis", map[string]any{"message": redis}, lang.Of("redis: %v", redis))
			marks := lang.Of("made in the archive before each invitation: a Redis that is lost, emptied or set back invites nobody twice")
			if cfg.Marks == off {
				marks = lang.Of("off: if Redis is lost, emptied or set back, people who were invited before can be invited again")
			}
			sys.tell("marks", map[string]any{"message": marks}, lang.Of("marks: %v", marks))
			for _, line := range waysOut(sys.env) {
				sys.tell("proxy", map[string]any{"message": line}, lang.Plain(line))
			}
			for _, name := range unknown(sys.env) {
				sys.tell("unknown", map[string]any{"name": name}, lang.Of("unknown variable: %s", name))
			}
			refused := cfg.refusals(sys.env)
			for _, why := range refused {
				sys.tell("refused", map[string]any{"message": why}, lang.Of("refused: %v", why))
			}
			if len(refused) > 0 {
				return quietly(exitUsage)
			}
			return nil
		},
	}
}

// setting is one line of the configuration.
type setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// Where a value may come from beside files and other variables.
const (
	bySystem  = "environment"
	byDefault = "default"
	byNobody  = "not set"
)

// sourceWord is where a value comes from, for people.
func (s *system) sourceWord(source string) string {
	switch source {
	case bySystem:
		return s.language.Sprintf("environment")
	case byDefault:
		return s.language.Sprintf("default")
	case byNobody:
		return s.language.Sprintf("not set")
	}
	return source
}

// settings are all variables as they are in force.
func (c *config) settings(environ map[string]string) ([]setting, error) {
	values, err := withFiles(environ)
	if err != nil {
		return nil, err
	}
	judges, err := c.judges(registry.Names())
	if err != nil {
		return nil, err
	}
	var all []setting
	for _, f := range fields() {
		s := setting{f.Key, values[f.Key], bySystem}
		switch {
		case environ[f.Key] == "" && s.Value != "":
			s.Source = environ[f.Key+"_FILE"]
		case s.Value == "" && f.HasDefaultValue:
			s.Value, s.Source = f.DefaultValue, byDefault
		case s.Value == "" && f.Key == prefix+"LANG":
			spoken, by := spokenBy(environ)
			s.Value, s.Source = spoken.String(), cmp.Or(by, byDefault)
		case s.Value == "":
			s.Value, s.Source = c.providerDefault(f.Key, judges)
		}
		switch {
		case s.Value == "":
			s.Value, s.Source = "-", byNobody
		case f.Key == prefix+"REDIS_URL":
			s.Value = redacted(c.RedisURL)
		case f.secret:
			s.Value = "***"
		case strings.HasSuffix(f.Key, "_URL"):
			s.Value = withoutQuery(s.Value)
		}
		all = append(all, s)
	}
	return all, nil
}

// withoutQuery is an address without its query, which may hold a token.
func withoutQuery(address string) string {
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		return address[:i] + "?***"
	}
	return address
}

// providerDefault is what a provider itself says about a variable that is not set.
func (c *config) providerDefault(name string, judges []providers.Provider) (value, source string) {
	for _, j := range judges {
		info := j.Info()
		r := c.pace(info)
		switch name {
		case variable(info.Name, "RATE"):
			return rate{r.Requests, r.Per}.String(), byDefault
		case variable(info.Name, "BURST"):
			return fmt.Sprint(r.Burst), byDefault
		case variable(info.Name, "POLL_EVERY"):
			return short(info.PollEvery), byDefault
		}
	}
	return "", ""
}

// durability says how the configured Redis keeps what is written.
func (c *config) durability(ctx context.Context) lang.Text {
	if c.RedisURL == "" {
		return lang.Of("embedded, for simulated providers only")
	}
	db, end, err := c.reachRedis(ctx)
	if err != nil {
		return lang.Of("%v", err)
	}
	defer end()
	server, err := ledger.Inspect(ctx, db)
	if err != nil {
		return lang.Of("%v", err)
	}
	parts := []lang.Text{lang.Of("version %s, durable by: %s", server.Version, server.Durability)}
	return lang.Join(append(parts, server.Warnings...), "; ")
}
