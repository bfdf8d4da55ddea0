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
	n, err := strconv.Atoi(q.Get("n"))
	if err != nil || n < 0 {
		return ""
	}
	refused, _ := strconv.Atoi(q.Get("refused"))
	return v.doneNotice(q.Get("done"), n, refused)
}

func (v *visit) doneNotice(verb string, n, refused int) string {
	name := "done." + verb
	if _, known := v.words.texts[name+".other"]; !known {
		return ""
	}
	text := v.words.n(name, n)
	if refused > 0 {
		text += " " + v.words.n("done.refused", refused)
	}
	return text
}

// operationNotice says how far an operation on a campaign is that goes on in the background.
func (p *Pages) operationNotice(v *visit, campaign string) string {
	id := v.r.URL.Query().Get("operation")
	if id == "" {
		return v.notice()
	}
	o, err := p.Client.Operation(v.ctx, id)
	if err != nil || o.Campaign != campaign { // over for long: the figures say what there is to say
		return ""
	}
	if o.Ended.IsZero() {
		return v.words.t("done.operation", v.words.num(o.Seen), v.words.num(o.Total))
	}
	return v.doneNotice(string(o.Kind), o.Result.Done, o.Result.NotDone())
}
