package sandbox

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"
)

// envelope is one signing job of a simulator. Its methods are called under the
// service's lock, after the person's state has been set.
type envelope interface {
	rec() *record
	viewed(*person)
	signed(*person)
	declined(*person)
	completed() // everybody has acted, and a short time has gone by
	expired()   // time ran out, or the closest thing that the service has
}

// record is what the sandbox keeps of every envelope.
type record struct {
	id, key, title string
	state          string // in the service's own word
	people         []*person
	ordered        bool

	created, sent, ended time.Time
	invitations          int
	reminders            int
	violations           int
	artifacts            []artifact
}

func (r *record) rec() *record { return r }

// pending tells that people may act.
func (r *record) pending() bool { return !r.sent.IsZero() && r.ended.IsZero() }

// person is a signer.
type person struct {
	id, name, email string
	order           int
	idle            bool // neither signs nor approves: does not hold anything up
	approver        bool
	// ready, when set, must hold before the person can sign.
	ready func() bool

	state                  personState
	invited, viewed, acted time.Time
}

type personState string

const (
	personWaiting  personState = "waiting"
	personInvited  personState = "invited"
	personViewed   personState = "viewed"
	personSigned   personState = "signed"
	personApproved personState = "approved"
	personDeclined personState = "declined"
)

func (p *person) done() bool {
	return p.idle || p.state == personSigned || p.state == personApproved || p.state == personDeclined
}

func (p *person) is(words ...string) bool {
	local, _, _ := strings.Cut(p.email, "@")
	text := strings.ToLower(local + " " + p.name)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

func (p *person) declines() bool { return p.is("recusa", "decline") }
func (p *person) stalls() bool   { return p.is("expira", "expire") }

// add enters a new envelope into the books.
func (s *Service) add(e envelope) {
	rec := e.rec()
	rec.created = s.sb.now()
	s.envelopes[rec.id] = e
	s.records = append(s.records, rec)
}

// remove takes a deleted draft out of the service. The books keep it.
func (s *Service) remove(e envelope, state string) {
	rec := e.rec()
	rec.state = state
	rec.ended = s.sb.now()
	delete(s.envelopes, rec.id)
}

// invite is the effect that mails people.
func (s *Service) invite(e envelope) {
	rec := e.rec()
	rec.invitations++
	if !rec.sent.IsZero() {
		return
	}
	rec.sent = s.sb.now()
	s.callNext(e)
	// Nothing waits for ever: whoever stalls makes the envelope run out early, and whatever
	// else holds it up makes it run out late.
	patience := 9 * s.sb.o.SignAfter
	if slices.ContainsFunc(rec.people, func(p *person) bool { return !p.idle && p.stalls() }) {
		patience = 4 * s.sb.o.SignAfter
	}
	s.later(patience, thePatience, e, e.expired)
}

// callNext gives the turn to those who are next: all, or the lowest order that is
// not done.
func (s *Service) callNext(e envelope) {
	rec := e.rec()
	turn := 0
	for _, p := range rec.people {
		if !p.done() && (turn == 0 || p.order < turn) {
			turn = p.order
		}
	}
	for _, p := range rec.people {
		if p.state != personWaiting || (rec.ordered && !p.idle && p.order != turn) {
			continue
		}
		p.state, p.invited = personInvited, s.sb.now()
		if !p.idle && !p.stalls() {
			delay := s.patience(rec, p)
			s.after(delay/2, e, func() { s.view(e, p) })
			s.after(delay, e, func() { s.decide(e, p) })
		}
	}
}

// patience is how long a person takes: half to one and a half times SignAfter, less
// where many sign one after the other.
func (s *Service) patience(rec *record, p *person) time.Duration {
	var b [8]byte
	copy(b[:], s.secret("patience "+rec.title+" "+p.email))
	part := 0.5 + float64(binary.BigEndian.Uint64(b[:])%1000)/1000
	mean := float64(s.sb.o.SignAfter)
	if rec.ordered && len(rec.people) > 4 {
		mean *= 4 / float64(len(rec.people))
	}
	return time.Duration(part * mean)
}

// after lets something happen to an envelope that is still pending then. What follows
// from an event is counted from the event's time.
func (s *Service) after(d time.Duration, e envelope, do func()) { s.later(d, thePeople, e, do) }

// later is after, for somebody.
func (s *Service) later(d time.Duration, who who, e envelope, do func()) {
	from := s.event
	if from.IsZero() {
		from = s.sb.now()
	}
	s.sb.agenda.at(from.Add(d), who, func(at time.Time) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.event = at
		defer func() { s.event = time.Time{} }()
		if e.rec().pending() {
			do()
		}
	})
}

func (s *Service) decide(e envelope, p *person) {
	switch {
	case p.done():
	case p.ready != nil && !p.ready():
		s.after(s.sb.o.SignAfter/2, e, func() { s.decide(e, p) })
	case p.declines():
		s.decline(e, p)
	default:
		s.sign(e, p)
	}
}

func (s *Service) view(e envelope, p *person) {
	if p.done() || !p.viewed.IsZero() {
		return
	}
	p.state, p.viewed = personViewed, s.sb.now()
	e.viewed(p)
}

func (s *Service) sign(e envelope, p *person) {
	s.view(e, p)
	p.state, p.acted = personSigned, s.sb.now()
	if p.approver {
		p.state = personApproved
	}
	e.signed(p)
	rec := e.rec()
	if !rec.pending() {
		return
	}
	if slices.ContainsFunc(rec.people, func(p *person) bool { return !p.done() }) {
		s.callNext(e)
		return
	}
	// The file is sealed a little after the last signature (certyneo §8, qisign A7).
	s.after(s.sb.o.SignAfter/10, e, e.completed)
}

func (s *Service) decline(e envelope, p *person) {
	s.view(e, p)
	p.state, p.acted = personDeclined, s.sb.now()
	e.declined(p)
}

// end closes an envelope in a state of the service.
func (s *Service) end(e envelope, state string) {
	rec := e.rec()
	rec.state, rec.ended = state, s.sb.now()
}

// act is what the control page's buttons do.
func (s *Service) act(id, action, signer string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.envelopes[id]
	if !ok {
		return fmt.Errorf("sandbox: %s: %w", s.name, errUnknown)
	}
	if special, ok := e.(interface{ special(string) bool }); ok && special.special(action) {
		return nil
	}
	rec := e.rec()
	if !rec.pending() {
		return fmt.Errorf("sandbox: %s: the envelope is %s", s.name, rec.state)
	}
	if action == "expire" {
		e.expired()
		return nil
	}
	var who *person
	for _, p := range rec.people {
		if !p.done() && p.state != personWaiting && (signer == "" || p.email == signer) {
			who = p
			break
		}
	}
	if who == nil {
		return fmt.Errorf("sandbox: %s: it is nobody's turn, or not this signer's", s.name)
	}
	switch action {
	case "view":
		s.view(e, who)
	case "sign":
		if who.ready != nil && !who.ready() {
			return fmt.Errorf("sandbox: %s: the signer has no stamp yet", s.name)
		}
		s.sign(e, who)
	case "decline":
		s.decline(e, who)
	default:
		return fmt.Errorf("sandbox: no action %q: view, sign, decline or expire", action)
	}
	return nil
}
