package pages

import (
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// workedFor is how long an answer to "does a worker run" is good.
const workedFor = 3 * time.Second

// workers remembers for which providers workers run.
type workers struct {
	asking singleflight.Group // by provider

	mu    sync.Mutex
	asked map[string]time.Time
	run   map[string]bool
}

func (p *Pages) worked(provider string) (bool, error) {
	if run, known := p.workers.known(provider); known {
		return run, nil
	}
	run, err, _ := p.workers.asking.Do(provider, func() (any, error) {
		run, err := p.Client.TaskQueue().Worked(provider)
		if err == nil {
			p.workers.learn(provider, run)
		}
		return run, err
	})
	return run.(bool), err
}

// known is an answer that is still good.
func (w *workers) known(provider string) (run, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.run[provider], time.Since(w.asked[provider]) < workedFor
}

func (w *workers) learn(provider string, run bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asked == nil {
		w.asked, w.run = map[string]time.Time{}, map[string]bool{}
	}
	w.asked[provider], w.run[provider] = time.Now(), run
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
