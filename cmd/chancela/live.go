package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/chancela/chancela/providers/lang"
)

const (
	liveEvery  = 500 * time.Millisecond // between two looks at the ledger on a terminal
	plainEvery = 5 * time.Second        // between two lines in a pipe
)

// follow shows how campaigns go on until the end is reached, and gives the last snapshot:
// a live view on a terminal, a plain line now and then elsewhere. over is asked after
// every look. A ledger that cannot be read for a while does not end it.
func follow(ctx context.Context, sys *system, o *observer, campaigns []string, over func(snapshot) bool) (snapshot, error) {
	draw, finish := sys.plain()
	if sys.terminal {
		draw, finish = sys.live()
	}
	defer finish()
	return watchLedger(ctx, sys, o, campaigns, liveEvery, draw, over)
}

// watchLedger draws a snapshot every so often until the end is reached.
func watchLedger(ctx context.Context, sys *system, o *observer, campaigns []string, every time.Duration, draw func(snapshot), over func(snapshot) bool) (snapshot, error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var last snapshot
	for {
		s, err := o.look(ctx, campaigns)
		if err == nil {
			last = s
			draw(s)
			if over(s) {
				return s, nil
			}
		} else if ctx.Err() == nil {
			fmt.Fprintln(sys.stderr, sys.language.Sprintf("progress: %v", err))
		}
		select {
		case <-ctx.Done():
			return last, ctx.Err()
		case <-tick.C:
		}
	}
}

// plain writes a line every few seconds, when it says something new.
func (s *system) plain() (draw func(snapshot), finish func()) {
	var said string
	var at time.Time
	var latest snapshot
	say := func() {
		if line := s.language.Say(latest.line()); latest.total() > 0 && line != said {
			fmt.Fprintln(s.stderr, line)
			said = line
		}
	}
	return func(snap snapshot) {
		if latest = snap; snap.at.Sub(at) >= plainEvery {
			at = snap.at
			say()
		}
	}, say
}

// live draws at the bottom of the terminal; what is written to the screen meanwhile goes
// above.
func (s *system) live() (draw func(snapshot), finish func()) {
	// No input: the terminal stays as it is, and ^C stays a signal.
	p := tea.NewProgram(liveView{begin: time.Now(), language: s.language}, tea.WithOutput(s.screen.under), tea.WithInput(nil), tea.WithoutSignalHandler())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = p.Run() // it only draws: what it cannot draw is no error of the campaign
	}()
	s.screen.give(func(text string) { p.Println(s.wrapped(text)) })
	return func(snap snapshot) { p.Send(snap) }, func() {
		s.screen.give(nil)
		p.Quit()
		<-ended
	}
}

// wrapped breaks lines that are wider than the terminal: the drawing counts lines, and one
// that the terminal itself breaks would leave a piece of the picture behind.
func (s *system) wrapped(text string) string {
	width := s.screen.width()
	if width <= 0 {
		return text
	}
	return ansi.Wrap(fitted(text, width), width, "") // a word that is wider than the screen, too
}

// liveView is the picture of a snapshot.
type liveView struct {
	language lang.Language
	begin    time.Time
	snap     snapshot
	width    int
}

func (v liveView) Init() tea.Cmd { return nil }

func (v liveView) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case snapshot:
		v.snap = msg
	case tea.WindowSizeMsg:
		v.width = msg.Width
	}
	return v, nil
}

var (
	bold  = lipgloss.NewStyle().Bold(true)
	faint = lipgloss.NewStyle().Faint(true)
	green = lipgloss.NewStyle().Foreground(lipgloss.Color("2"))
	red   = lipgloss.NewStyle().Foreground(lipgloss.Color("1"))
)

func (v liveView) View() tea.View { return tea.NewView(v.text()) }

func (v liveView) text() string {
	s, say := v.snap, v.language.Sprintf
	if s.at.IsZero() {
		return ""
	}
	plain := lipgloss.NewStyle()
	var lines []string
	add := func(style lipgloss.Style, text string) { lines = append(lines, styled(style, text, v.width)...) }
	states := s.states()
	count, took := say("%d of %d finished", finished(states), s.total()), v.language.Say(about(s.at.Sub(v.begin)))
	if left := s.left(); left > 0 {
		took += say(", about %v left", about(left))
	}
	if one := count + "  " + took; v.width <= 0 || ansi.StringWidth(one) <= v.width {
		lines = []string{bold.Render(count) + "  " + faint.Render(took)}
	} else {
		add(bold, count)
		add(faint, took)
	}
	if s.simulated() {
		add(faint, v.language.Say(simulatedWords))
	}
	var words []string
	for _, state := range inOrder(states) {
		words = append(words, say("%v %d", stateWord(state), states[state]))
	}
	add(plain, strings.Join(words, "  "))
	lines = append(lines, s.courseLines(v.language, v.width)...)
	for _, name := range s.paused() {
		add(red, say("%s is paused: chancela resume %s", name, name))
	}
	for _, h := range s.hours() {
		add(plain, v.language.Say(h))
	}
	for _, h := range s.halts() {
		add(red, v.language.Say(h))
	}
	for _, p := range s.providers {
		lines = append(lines, p.lines(v.language, s.at, v.width)...)
	}
	if wrong := s.archive.wrong(s.at); !wrong.IsZero() {
		add(red, say("the archive %v", wrong))
	}
	lines = append(lines, endLines(s.ends, v.language, v.width)...)
	return strings.Join(lines, "\n") + "\n"
}

// styled is a text in lines that a terminal has room for; what follows the first is indented. A word
// that is wider than the terminal is broken, too.
func styled(style lipgloss.Style, text string, width int) []string {
	if width > 0 {
		const indent = 2
		first, rest, more := strings.Cut(fitted(text, width), "\n")
		text = ansi.Hardwrap(first, width, true)
		if more {
			rest = ansi.Hardwrap(fitted(strings.ReplaceAll(rest, "\n", " "), width-indent), width-indent, true)
			text += "\n" + strings.Repeat(" ", indent) + strings.ReplaceAll(rest, "\n", "\n"+strings.Repeat(" ", indent))
		}
	}
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = style.Render(lines[i])
	}
	return lines
}

// lines are a provider's bar, how much of it is finished, and its pace: what failed or is in doubt is
// seen beside what is finished, also without colours. What has no room beside the bar goes below.
func (p providerView) lines(language lang.Language, now time.Time, width int) []string {
	const bar = 20
	done, sum := finished(p.states), max(1, p.sum())
	full := int(bar * done / sum)
	stuck := int(bar*(p.sum()-p.open())/sum) - full
	s := fmt.Sprintf("%-10s ", p.name) + green.Render(strings.Repeat("█", full)) + red.Render(strings.Repeat("▒", stuck)) + faint.Render(strings.Repeat("░", bar-full-stuck)) +
		fmt.Sprintf(" %*d/%d", len(fmt.Sprint(p.sum())), done, p.sum())
	style, beside := faint, ""
	switch {
	case p.trouble != nil && p.open() > 0:
		style, beside = red, language.Say(p.wrong(now))
	case !p.stats.PausedUntil.IsZero():
		style, beside = lipgloss.NewStyle(), language.Sprintf("asks to wait %v", about(p.stats.PausedUntil.Sub(now)))
	case p.stats.Allowed > 0:
		beside = language.Sprintf("%d of %d requests a minute", p.stats.Used, p.stats.Most())
	}
	switch {
	case beside == "":
		return []string{s}
	case width <= 0 || ansi.StringWidth(s)+2+ansi.StringWidth(beside) <= width:
		return []string{s + "  " + style.Render(beside)}
	}
	lines := []string{ansi.Truncate(s, width, "")}
	for _, line := range styled(style, beside, width-2) {
		lines = append(lines, "  "+line)
	}
	return lines
}
