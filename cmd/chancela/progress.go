package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/pace"
	"github.com/chancela/chancela/providers/registry"
	"github.com/chancela/chancela/storage/ledger"
)

// snapshot is the ledger at one moment, as far as people want to see it.
type snapshot struct {
	at        time.Time
	campaigns []ledger.Campaign
	providers []providerView
	archive   providerView // its trouble alone
	speed     float64      // envelopes that ended per second, lately
	course    []ledger.Moment
	ends      report.Ends // why envelopes ended without being archived
}

// providerView is one provider's part in the campaigns of the snapshot. Its pace and what
// is wrong with it are over all campaigns of the Redis.
type providerView struct {
	name   string
	states map[ledger.State]int64
	stats  pace.Stats

	trouble *ledger.Trouble // nil: its last call went well
	denied  string          // why it is stopped
}

// total, open and paused are over all campaigns of the snapshot.
func (s snapshot) total() (n int64) {
	for _, c := range s.campaigns {
		n += c.Total
	}
	return n
}

func (s snapshot) open() (n int64) {
	for _, c := range s.campaigns {
		n += c.Open()
	}
	return n
}

// over is how many nobody works on any more: what failed and what is in doubt, too.
func (s snapshot) over() int64 { return s.total() - s.open() }

// worked is how many came to an end by being worked on. What was canceled went at once, most of it
// unsent: it says nothing of a speed.
func (s snapshot) worked() int64 { return s.over() - s.states()[ledger.Canceled] }

// simulated tells that nothing of it is real.
func (s snapshot) simulated() bool {
	return slices.ContainsFunc(s.campaigns, func(c ledger.Campaign) bool { return c.Simulated })
}

var simulatedWords = lang.Of("simulated: nobody is invited, and nothing is signed")

// finished is how many came to an end that stays. What failed or is in doubt is over for now, and
// waits for somebody: who reads that all are finished takes it for good news.
func finished(states map[ledger.State]int64) (n int64) {
	for state, k := range states {
		if state.Terminal() && state != ledger.Failed && state != ledger.InDoubt {
			n += k
		}
	}
	return n
}

func (s snapshot) states() map[ledger.State]int64 {
	sum := make(map[ledger.State]int64)
	for _, c := range s.campaigns {
		for state, n := range c.States {
			sum[state] += n
		}
	}
	return sum
}

func (s snapshot) paused() []string {
	var names []string
	for _, c := range s.campaigns {
		if c.Paused && c.Open() > 0 {
			names = append(names, c.Name)
		}
	}
	return names
}

// halts say why campaigns send nothing more to a provider, and what to do about it.
func (s snapshot) halts() []lang.Text {
	var lines []lang.Text
	for _, c := range s.campaigns {
		for _, h := range report.Halts(c) {
			if h.Waiting > 0 {
				lines = append(lines, h.Text(c.Name))
			}
		}
	}
	return lines
}

// halted names the providers to which nothing more is sent, in a few words.
func (s snapshot) halted() []lang.Text {
	var first, resume []string
	for _, c := range s.campaigns {
		for _, h := range report.Halts(c) {
			switch {
			case h.Waiting == 0:
			case h.ByItself():
				first = append(first, h.Provider)
			default:
				resume = append(resume, h.Provider)
			}
		}
	}
	var all []lang.Text
	if len(first) > 0 {
		all = append(all, lang.Of("the first go first at %s", strings.Join(first, ", ")))
	}
	if len(resume) > 0 {
		all = append(all, lang.Of("halted until resumed: %s", strings.Join(resume, ", ")))
	}
	return all
}

// left is how long the rest takes at the speed of late; 0: nobody knows.
func (s snapshot) left() time.Duration {
	if s.speed <= 0 || s.open() == 0 || s.halted() != nil || s.shut() {
		return 0
	}
	return time.Duration(float64(s.open()) / s.speed * float64(time.Second))
}

// lately is how far back the speed looks.
const lately = time.Minute

// observer takes snapshots and works out the speed from one to the next.
type observer struct {
	ledger   *ledger.Ledger
	limiters map[string]*pace.Limiter
	samples  []sample
	told     report.Ends // as they were when this many had ended
	toldOf   int64
	tell     func(context.Context, string) (report.Ends, error)
}

type sample struct {
	at     time.Time
	worked int64
}

// observer of what the engine works on.
func (e *engine) observer() *observer {
	return &observer{ledger: e.client.Ledger(), limiters: e.limiters, tell: e.client.Ends}
}

// look takes a snapshot of campaigns; one that the ledger does not know yet is left out.
func (o *observer) look(ctx context.Context, campaigns []string) (s snapshot, err error) {
	s.at = time.Now()
	if s.campaigns, err = o.ledger.CampaignsNamed(ctx, campaigns); err != nil {
		return s, err
	}
	for _, name := range registry.Names() {
		v := providerView{name: name}
		if v.states, err = o.counts(ctx, name, s.campaigns); err != nil {
			return s, err
		}
		if v.sum() == 0 {
			continue
		}
		if err := o.inspect(ctx, &v); err != nil {
			return s, err
		}
		s.providers = append(s.providers, v)
	}
	s.archive.name = ledger.Archive
	if err := o.inspect(ctx, &s.archive); err != nil {
		return s, err
	}
	o.samples = append(o.samples, sample{s.at, s.worked()})
	for len(o.samples) > 2 && s.at.Sub(o.samples[1].at) > lately {
		o.samples = o.samples[1:]
	}
	if first := o.samples[0]; s.at.After(first.at) {
		s.speed = float64(max(0, s.worked()-first.worked)) / s.at.Sub(first.at).Seconds()
	}
	return s, o.story(ctx, &s)
}

// story fills in how one campaign has gone. Why envelopes ended is read again when more have.
func (o *observer) story(ctx context.Context, s *snapshot) (err error) {
	if len(s.campaigns) != 1 || o.tell == nil {
		return nil
	}
	c := s.campaigns[0]
	if s.course, err = o.ledger.Course(ctx, c.Name); err != nil {
		return err
	}
	states := s.states()
	if ended := s.over() - states[ledger.Archived]; ended != o.toldOf {
		if o.told, err = o.tell(ctx, c.Name); err != nil {
			return err
		}
		o.toldOf = ended
	}
	s.ends = o.told
	return nil
}

// counts are a provider's envelopes in the campaigns, by state.
func (o *observer) counts(ctx context.Context, provider string, campaigns []ledger.Campaign) (map[ledger.State]int64, error) {
	sum := make(map[ledger.State]int64)
	for _, c := range campaigns {
		if c.Providers == nil { // too old to be counted by itself: all campaigns have to do
			return o.ledger.Counts(ctx, provider)
		}
		for state, n := range c.Providers[provider] {
			sum[state] += n
		}
	}
	return sum, nil
}

// inspect fills in a provider's pace and what is wrong with it.
func (o *observer) inspect(ctx context.Context, v *providerView) (err error) {
	if l, ok := o.limiters[v.name]; ok {
		if v.stats, err = l.Stats(ctx); err != nil {
			return err
		}
	}
	trouble, ill, err := o.ledger.Trouble(ctx, v.name)
	if err != nil || !ill {
		return err
	}
	v.trouble = &trouble
	if trouble.State.Stops() {
		v.denied, _, _, err = o.ledger.Denial(ctx, v.name)
	}
	return err
}

// wrong says in a line what is wrong with a provider: since when, the last error and the
// next try. It is empty when all is well.
func (v providerView) wrong(now time.Time) lang.Text {
	t := v.trouble
	if t == nil {
		return lang.Text{}
	}
	var s lang.Text
	switch t.State {
	case ledger.KeyRefused:
		s = lang.Of("refuses the key, its envelopes wait")
	case ledger.Blocked:
		s = lang.Of("cannot be reached safely, its envelopes wait")
	case ledger.Unreachable:
		s = lang.Of("does not answer")
	case ledger.Failing:
		s = lang.Of("answers with errors")
	case ledger.Held:
		s = lang.Of("asks to wait")
	case ledger.Slow:
		s = lang.Of("is slow")
	case ledger.Away:
		s = lang.Of("cannot be used, what needs it waits")
	default:
		s = lang.Plain(string(t.State))
	}
	if d := now.Sub(t.Since); !t.Since.IsZero() && d >= time.Second {
		s = lang.Of("%v for %v", s, about(d))
	}
	switch {
	case v.denied != "":
		s = lang.Of("%v: %v", s, lang.Plain(v.denied))
	case t.State == ledger.Failing || t.State == ledger.Unreachable:
		call := t.Op
		if t.Status != 0 {
			call += fmt.Sprintf(" %d", t.Status)
		}
		if t.Code != "" {
			call += " " + t.Code
		}
		s = lang.Of("%v: %s", s, call)
	}
	if t.NextTry.After(now) {
		s = lang.Of("%v, next try in %v", s, about(t.NextTry.Sub(now)))
	}
	return s
}

// worksFor tells whether a provider has envelopes of a campaign.
func (v providerView) worksFor(c ledger.Campaign) bool {
	if c.Providers == nil { // too old to be counted by itself
		return true
	}
	for _, n := range c.Providers[v.name] {
		if n > 0 {
			return true
		}
	}
	return false
}

func (v providerView) sum() (n int64) {
	for _, k := range v.states {
		n += k
	}
	return n
}

func (v providerView) open() (n int64) {
	for s, k := range v.states {
		if !s.Terminal() {
			n += k
		}
	}
	return n
}

// line is the snapshot in one line, for a pipe.
func (s snapshot) line() lang.Text {
	states := s.states()
	counts := []lang.Text{lang.Of("%d of %d finished", finished(states), s.total())}
	for _, state := range inOrder(states) {
		counts = append(counts, report.StateCount(states[state], state))
	}
	parts := []lang.Text{lang.Join(counts, ", ")}
	if s.simulated() {
		parts = append(parts, lang.Of("with simulators"))
	}
	if left := s.left(); left > 0 {
		parts = append(parts, lang.Of("about %v left", about(left)))
	}
	for _, name := range s.paused() {
		parts = append(parts, lang.Of("%s is paused", name))
	}
	parts = append(parts, s.halted()...)
	parts = append(parts, s.hours()...)
	for _, v := range s.providers {
		if wrong := v.wrong(s.at); !wrong.IsZero() && v.open() > 0 {
			parts = append(parts, lang.Of("%s %v", v.name, wrong))
		}
	}
	if wrong := s.archive.wrong(s.at); !wrong.IsZero() && s.open() > 0 {
		parts = append(parts, lang.Of("the archive %v", wrong))
	}
	return lang.Join(parts, "; ")
}
