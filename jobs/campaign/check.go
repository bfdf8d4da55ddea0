package campaign

import (
	"context"
	"errors"
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// Summary is what a check found.
type Summary struct {
	Files    int `json:"files"`
	Rows     int `json:"rows"`
	Good     int `json:"good"`
	Bad      int `json:"bad"`
	Problems int `json:"problems"` // of rows, headers and files together
	Refused  int `json:"refused"`  // files of which no row can be taken, for what is wrong with them as a whole

	Providers map[string]Load `json:"providers"` // of good rows
}

// Load is what a campaign asks of one provider.
type Load struct {
	Envelopes int `json:"envelopes"`
	Calls     int `json:"calls"` // requests, from the first upload to the last download
}

// OK tells that everything may be enqueued.
func (s Summary) OK() bool { return s.Problems == 0 && s.Rows > 0 }

// Check reads files and reports every problem of every row, in the files' order. The
// error is the context's, or one of reading; that a file is no CSV is a problem of that
// file and does not keep the others from being checked.
func Check(ctx context.Context, files []string, options Options, report func(Problem)) (Summary, error) {
	summary := Summary{Providers: make(map[string]Load)}
	if options.Seen == nil {
		options.Seen = NewSeen()
	}
	calls := options.Calls
	if calls == nil {
		calls = GeneralCalls
	}
	problem := func(p Problem) {
		summary.Problems++
		report(p)
	}
	for _, name := range files {
		summary.Files++
		if err := checkFile(ctx, name, options, &summary, calls, problem); err != nil {
			return summary, err
		}
	}
	return summary, nil
}

func checkFile(ctx context.Context, name string, options Options, summary *Summary, calls func(providers.Envelope) int, report func(Problem)) error {
	r, err := Open(name, options)
	if p, ok := errors.AsType[Problem](err); ok {
		summary.Refused++
		report(p)
		return nil
	} else if err != nil {
		summary.Refused++
		report(Problem{File: name, Message: cause(err)})
		return nil
	}
	defer r.Close()
	refused := summary.Refused
	for _, p := range r.Problems() {
		report(p)
	}
	if len(r.Problems()) > 0 {
		summary.Refused++
	}
	rows, tellRow := 0, rowProblems(name, r, report)
	for row, err := range r.Rows(ctx) {
		if p, ok := errors.AsType[Problem](err); ok {
			summary.Refused++
			report(p)
			break
		}
		if err != nil {
			return err
		}
		rows++
		tellRow(row)
		if len(row.Problems) > 0 || len(r.Problems()) > 0 { // a wrong header makes no good row
			summary.Bad++
			continue
		}
		summary.Good++
		if options.Repeated != nil {
			if p, again := row.Repeats(); again {
				options.Repeated(p)
			}
		}
		if options.Doubted != nil {
			for _, p := range row.Doubts() {
				options.Doubted(p)
			}
		}
		load := summary.Providers[row.Envelope.Provider]
		load.Envelopes++
		load.Calls += calls(row.Envelope)
		summary.Providers[row.Envelope.Provider] = load
	}
	summary.Rows += rows
	if rows == 0 && summary.Refused == refused {
		summary.Refused++
		report(Problem{File: name, Message: lang.Of("has a header but no rows")})
	}
	return nil
}

// rowProblems reports what is wrong with rows. A column that is missing is the header's fault, and
// is said once.
func rowProblems(name string, r *Reader, report func(Problem)) func(Row) {
	lacking := map[string]bool{}
	return func(row Row) {
		for _, p := range row.Problems {
			if !p.lacks {
				report(p)
			} else if of := p.Name + p.Message.String(); !lacking[of] {
				lacking[of] = true
				report(problemAt(name, r.header.at, p.Name, p.Message))
			}
		}
	}
}

// cause is an error without the file's name in front, which a [Problem] shows already.
func cause(err error) lang.Text {
	if inner := errors.Unwrap(err); inner != nil {
		err = inner
	}
	return lang.Of("%v", err)
}

// GeneralCalls estimates the requests of an envelope at a provider that does not count
// them itself ([providers.RequestEstimator]): an upload for every document and image, the envelope
// made, the invitation, two looks, and two artifacts.
func GeneralCalls(e providers.Envelope) int {
	uploads := len(e.Documents)
	for _, s := range e.Signers {
		if s.IDFront != nil {
			uploads++
		}
		if s.IDBack != nil {
			uploads++
		}
	}
	return uploads + 1 + 1 + 2 + 2
}

// Estimate is how long a provider's rate lets a number of requests take: what is in the
// bucket leaves at once, the rest at the steady rate. People's time to sign is not in it.
func Estimate(calls int, rate providers.Rate) time.Duration {
	return time.Duration(max(0, calls-rate.Burst)) * rate.Interval()
}
