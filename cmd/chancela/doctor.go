package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/providers/rest"
	"github.com/chancela/chancela/storage/ledger"
)

func newDoctor(sys *system) *cobra.Command {
	var draft bool
	var self string
	cmd := &cobra.Command{
		Use:   "doctor [PROVIDER...]",
		Short: "Try accounts, Redis and archive without reaching anybody",
		Long: `Doctor asks each provider that has a key what the account can do, and looks at everything else
that a campaign needs: the way to the provider and its clock, the durability of Redis, whether
the archive can be written to and read again, and the address of callbacks. Each finding is one
line, ok, note or wrong, with its cure; with --json all that was asked and answered. Nobody is
reached: it reads, and leaves a small file in the archive.

--draft also makes what reaches nobody at the provider (an upload, a draft that is not sent),
looks at it, and removes it again: that answers what the providers' documents leave open.
With --self it also makes envelopes for you alone, without e-mail, where nothing less tells,
and deletes them: sDoc's two solicitations with one file. If the second is refused, an
interrupted invitation is made once more instead of staying in doubt.
The exit status is 1 when something is wrong.`,
		Example: `  chancela doctor
  chancela doctor certyneo --draft
  chancela doctor sdoc --draft --self "Ana Souza,ana@example.com,529.982.247-25"`,
		GroupID: groupServe,
		RunE: func(cmd *cobra.Command, args []string) error {
			me, err := selfOf(self)
			if err == nil && self != "" && !draft {
				err = lang.Errorf("--self needs --draft")
			}
			if err != nil {
				return usage("%w", err)
			}
			return sys.doctor(cmd.Context(), args, rest.Visit{Draft: draft, Self: me})
		},
		ValidArgs: registry.Names(),
	}
	cmd.Flags().BoolVar(&draft, "draft", false, "make what reaches nobody, and remove it again")
	cmd.Flags().StringVar(&self, "self", "", "with --draft: also make what invites you alone; NAME,E-MAIL,CPF")
	return cmd
}

func (s *system) doctor(ctx context.Context, names []string, visit rest.Visit) error {
	cfg, err := loadConfig(s.env)
	if err != nil {
		return err
	}
	for _, name := range names {
		switch {
		case !registry.Known(name):
			return usage("%q is not one of %s", name, strings.Join(registry.Names(), ", "))
		case !cfg.hasKey(name):
			return usage("doctor %s needs %s", name, variable(name, "API_KEY"))
		}
	}
	if err := s.tellDestinations(cfg); err != nil {
		return err
	}
	if len(names) == 0 {
		names = cfg.keyed()
	}
	slices.Sort(names)
	d := &doctor{sys: s, cfg: cfg, engine: &engine{cfg: cfg, log: s.logger(slog.Level(cfg.LogLevel))}, counts: map[string]int{}, told: map[string]bool{}}
	defer d.engine.Close()
	d.redis(ctx)
	d.archive(ctx)
	if len(names) == 0 {
		d.wrong("providers", "key", lang.Of("no provider has a key: only simulators that chancela runs itself could be used"), lang.Of("set CHANCELA_<PROVIDER>_API_KEY; chancela sandbox prints keys of simulators"))
	}
	for _, name := range slices.Compact(names) {
		if err := d.provider(ctx, name, visit); err != nil {
			return err
		}
		d.webhook(ctx, name)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	text, status := lang.Of("%v: nothing is wrong", count(d.counts["ok"]+d.counts["note"], "finding")), exitOK
	if n := d.counts["wrong"]; n > 0 {
		text, status = lang.Of("%v wrong of %v", count(n, "finding"), count(d.counts["ok"]+d.counts["note"]+n, "finding")), exitError
	}
	s.come(map[string]any{"ok": d.counts["ok"], "notes": d.counts["note"], "wrong": d.counts["wrong"]}, text)
	return quietly(status)
}

// doctor is one visit.
type doctor struct {
	sys    *system
	cfg    *config
	engine *engine // with Redis and archive, as far as they can be opened
	counts map[string]int
	told   map[string]bool // lines about the way to a host, which is one for several calls
}

// report tells a finding: a line for people.
func (d *doctor) report(f providers.Finding) {
	language, mark := d.sys.language, f.Mark()
	line := language.Sprintf("%-5v  %v: %v: %v", lang.Of(mark), lang.Of(f.Subject), lang.Of(f.Check), f.Answer)
	if !f.Expected.IsZero() {
		line = language.Sprintf("%s; expected %v", line, f.Expected)
	}
	if !f.Cure.IsZero() {
		line += ". " + sentence(language.Say(f.Cure))
	}
	if (f.Check == "connection" || f.Check == "clock") && d.told[line] {
		return
	}
	d.told[line] = true
	d.counts[mark]++
	d.sys.tell("finding", f, lang.Plain(printable(line)))
}

// sentence begins with a capital.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// printable is a line that cannot steer a terminal: names in it are the service's.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

func (d *doctor) fine(subject, check string, answer lang.Text) {
	d.report(providers.Finding{Subject: subject, Check: check, Answer: answer, OK: true})
}

func (d *doctor) note(subject, check string, answer, cure lang.Text) {
	d.report(providers.Finding{Subject: subject, Check: check, Answer: answer, OK: true, Cure: cure})
}

func (d *doctor) wrong(subject, check string, answer, cure lang.Text) {
	d.report(providers.Finding{Subject: subject, Check: check, Answer: answer, Cure: cure})
}

// provider lets the provider's own doctor look. Its calls take their turns among those of
// the workers, where there is a Redis.
func (d *doctor) provider(ctx context.Context, name string, visit rest.Visit) error {
	p, _ := registry.Find(name)
	settings := d.cfg.providerSettings(name)
	settings.Log = d.engine.log
	judge, err := newProvider(name, settings)
	if err != nil {
		return err
	}
	if d.engine.redis != nil {
		settings.Pacer = pace.NewRedis(d.engine.redis, name, d.cfg.pace(judge.Info()))
	}
	if p.Examine == nil {
		d.note(name, "account", lang.Of("this provider has no doctor"), lang.Of("send the first rows to your own address"))
		return nil
	}
	visit.Report = d.report
	visit.Learn = func(fact providers.Fact, holds bool) { d.learn(ctx, name, fact, holds) }
	if err := p.Examine(ctx, settings, visit); err != nil {
		return usage("%s*: %w", p.Variable(""), err)
	}
	return nil
}

// learn keeps what was found out for the workers.
func (d *doctor) learn(ctx context.Context, name string, fact providers.Fact, holds bool) {
	if d.engine.redis == nil {
		d.note(name, "account", lang.Of("there is no Redis to keep what was found out in"), lang.Of("set CHANCELA_REDIS_URL, and run this again"))
		return
	}
	if err := ledger.New(d.engine.redis, ledger.NotDurable).Learn(ctx, name, d.cfg.accountID(name), string(fact), holds); err != nil {
		d.wrong(name, "account", lang.Of("%v", err), lang.Of("run this again: the workers do not know what was found out"))
	}
}
