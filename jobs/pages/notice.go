package pages

import (
	"strconv"
	"sync"
	"time"
)

// workedFor is how long an answer to "does a worker run" is good.
const workedFor = 3 * time.Second

// workers remembers for which providers workers run.
type workers struct {
	mu    sync.Mutex
	asked map[string]time.Time
	run   map[string]bool
}

func (p *Pages) worked(provider string) (bool, error) {
	p.workers.mu.Lock()
	defer p.workers.mu.Unlock()
	if time.Since(p.workers.asked[provider]) < workedFor {
		return p.workers.run[provider], nil
	}
	run, err := p.Client.TaskQueue().Worked(provider)
	if err != nil {
		return false, err
	}
	if p.workers.asked == nil {
		p.workers.asked, p.workers.run = map[string]time.Time{}, map[string]bool{}
	}
	p.workers.asked[provider], p.workers.run[provider] = time.Now(), run
	return run, nil
}

// notice says what the action has come to that led to a page.
func (v *visit) notice() string {
	q := v.r.URL.Query()
	name := "done." + q.Get("done")
	n, err := strconv.Atoi(q.Get("n"))
	if _, known := v.words.texts[name+".other"]; !known || err != nil || n < 0 {
		return ""
	}
	text := v.words.n(name, n)
	if refused, err := strconv.Atoi(q.Get("refused")); err == nil && refused > 0 {
		text += " " + v.words.n("done.refused", refused)
	}
	return text
}
