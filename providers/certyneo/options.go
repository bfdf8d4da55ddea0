package certyneo

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"github.com/chancela/chancela/providers"
)

const (
	maxTags = 10 // reference §4
	maxTag  = 40 // characters
)

// options are the envelope's certyneo.NAME columns, read.
type options struct {
	level       string
	smsOTP      bool
	locale      string
	redirectURL string
	category    string
	tags        []string
	initials    bool
	workspace   string
	anchor      string
	placement   string
	anchorIndex int
}

// readOptions reads the envelope's options and adds what is wrong with them to
// problems, unless that is nil.
func readOptions(e providers.Envelope, problems *providers.Problems) options {
	r := optionReader{values: e.Options[Name], problems: problems}
	if r.problems == nil {
		r.problems = new(providers.Problems)
	}
	o := options{
		level:       strings.ToUpper(r.value("level")),
		smsOTP:      e.Flag("sms_otp"),
		locale:      r.value("locale"),
		redirectURL: r.value("redirect_url"),
		category:    strings.ToUpper(r.value("category")),
		tags:        r.tags(),
		initials:    e.Flag("initials_on_every_page"),
		workspace:   r.value(optWorkspace),
		anchor:      r.value("anchor"),
		placement:   strings.ToLower(r.value("anchor_placement")),
	}
	// Parse takes nl_BE, too, which is how systems write it, and no language tag.
	if _, err := language.Parse(o.locale); o.locale != "" && (err != nil || strings.Contains(o.locale, "_")) {
		r.refuse("locale", "%q is not a language tag such as fr or nl-BE", o.locale)
	}
	if u, err := url.Parse(o.redirectURL); o.redirectURL != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		r.refuse("redirect_url", "must be an address that begins with https://")
	}
	if name, is := providers.ByName(o.workspace); is && name == "" {
		r.refuse(optWorkspace, "needs the workspace's name after name:")
	}
	if s := r.value("anchor_index"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			r.refuse("anchor_index", "%q is not a number from 0", s)
		}
		o.anchorIndex = max(n, 0)
	}
	if o.anchor == "" && (o.placement != "" || o.anchorIndex != 0) {
		r.refuse("anchor", "anchor_placement and anchor_index need certyneo.anchor")
	}
	// ADVANCED is e-mail and SMS code; without the code it is refused (reference §6).
	if o.level == "ADVANCED" {
		if r.value("sms_otp") != "" && !o.smsOTP {
			r.refuse("sms_otp", "level ADVANCED needs the SMS code; leave sms_otp out or set it to true")
		}
		o.smsOTP = true
	}
	// The code is asked of all signers or of none (reference §4).
	for _, s := range e.Signers {
		o.smsOTP = o.smsOTP || s.Auth == providers.ChannelSMS
	}
	return o
}

type optionReader struct {
	values   map[string]string
	problems *providers.Problems
}

func (r optionReader) value(name string) string { return strings.TrimSpace(r.values[name]) }

func (r optionReader) refuse(name, format string, args ...any) {
	r.problems.Add(Name+"."+name, format, args...)
}

func (r optionReader) tags() []string {
	var tags []string
	for tag := range strings.SplitSeq(r.value("tags"), ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
			if len([]rune(tag)) > maxTag {
				r.refuse("tags", "%q is longer than %d characters", tag, maxTag)
			}
		}
	}
	if len(tags) > maxTags {
		r.refuse("tags", "%d tags; at most %d are taken", len(tags), maxTags)
	}
	return tags
}
