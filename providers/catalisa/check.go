package catalisa

import (
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/chancela/chancela/providers"
)

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// Check refuses what Catalisa would refuse or silently leave out.
func (p *Provider) Check(e providers.Envelope) error {
	problems := p.Info().Check(e)
	most(&problems, "subject", e.Subject, maxTitle)
	most(&problems, "message", e.Message, maxMessage)
	if now := time.Now(); !e.Expires.IsZero() {
		if n := daysUntil(e.Expires.Ends(now, p.zone), now); n < 1 || n > maxDays {
			problems.Add("expires", "is %d days away; catalisa takes 1 to %d", n, maxDays)
		}
	}
	if id := e.Option(optConfigID); id != "" && !uuid.MatchString(id) {
		problems.Add(Name+"."+optConfigID, "must be a UUID")
	}
	most(&problems, Name+"."+optBusinessID, e.Option(optBusinessID), maxOwnBusinessID)
	if e.Flag(optStorage) && p.client.files == nil {
		problems.Add(Name+"."+optStorage, "needs the address of File Storage in CHANCELA_CATALISA_FILES_URL")
	}
	for i, s := range e.Signers {
		field := fmt.Sprintf("signer%d", i+1)
		checkSigner(field, s, &problems)
		if e.Template != "" && s.Stamp != nil {
			problems.Add(field+".stamp", "catalisa's templates place the signatures; leave it empty")
		}
		for name, places := range s.Places() {
			if e.Template != "" && len(places) > 0 {
				problems.Add(field+"."+name, "catalisa's templates bring their own fields; leave it empty")
			}
		}
		for j, other := range e.Signers[:i] {
			if s.Email != "" && strings.EqualFold(s.Email, other.Email) && strings.EqualFold(s.Name, other.Name) {
				problems.Add(field+".email", "is the same person as signer%d, who would be invited twice", j+1)
			}
		}
	}
	return problems.Err()
}

func most(problems *providers.Problems, field, s string, limit int) {
	if n := utf8.RuneCountInString(s); n > limit {
		problems.Add(field, "has %d characters; catalisa takes at most %d", n, limit)
	}
}

func checkSigner(field string, s providers.Signer, problems *providers.Problems) {
	most(problems, field+".name", s.Name, maxName)
	if s.Email == "" {
		return
	}
	if a, err := mail.ParseAddress(s.Email); err != nil || a.Address != s.Email {
		problems.Add(field+".email", "catalisa needs a valid e-mail address")
	} else {
		most(problems, field+".email", s.Email, maxName)
	}
}

// daysUntil are the whole days that are left until the last one to sign is over: a request
// lives as many times 24 hours (reference §7.1).
func daysUntil(ends, now time.Time) int { return int(ends.Sub(now) / (24 * time.Hour)) }
