package certyneo

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"github.com/chancela/chancela/providers"
)

var optionHelp = []providers.Option{
	{Name: "level", Help: "signature level: SIMPLE (default), ADVANCED (asks every signer for an SMS code) or QUALIFIED"},
	{Name: "sms_otp", Help: "true: every signer confirms a code sent to their phone"},
	{Name: "locale", Help: "language of the invitations, such as fr or nl-BE; default: the account's"},
	{Name: "redirect_url", Help: "https address behind the button that signers see at the end"},
	{Name: "category", Help: strings.Join(categories, ", ") + "; default: guessed from the subject"},
	{Name: "tags", Help: "up to 10 tags of up to 40 characters, separated by commas"},
	{Name: "initials_on_every_page", Help: "true: initials are stamped on each page"},
	{Name: "workspace", Help: "id of the shared workspace that owns the envelope"},
	{Name: "anchor", Help: "text in the documents beside which people sign; {n} in it stands for the signer's number, without {n} the first signer takes the first occurrence, the second the second"},
	{Name: "anchor_placement", Help: "where the signature goes, seen from the anchor: right (default), below, above or left"},
	{Name: "anchor_index", Help: "occurrence of the anchor that the first signer takes, from 0 (default)"},
}

var (
	levels     = []string{"SIMPLE", "ADVANCED", "QUALIFIED"}
	categories = []string{"CONTRACT", "AGREEMENT", "INVOICE", "LETTER", "QUOTE", "NDA", "HR", "LEGAL", "REPORT", "PROPOSAL", "OTHER"}
	placements = []string{"right", "below", "above", "left"}
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
	r.refuseUnknown()
	o := options{
		level:       r.oneOf("level", strings.ToUpper, levels),
		smsOTP:      r.flag("sms_otp"),
		locale:      r.value("locale"),
		redirectURL: r.value("redirect_url"),
		category:    r.oneOf("category", strings.ToUpper, categories),
		tags:        r.tags(),
		initials:    r.flag("initials_on_every_page"),
		workspace:   r.value("workspace"),
		anchor:      r.value("anchor"),
		placement:   r.oneOf("anchor_placement", strings.ToLower, placements),
	}
	if _, err := language.Parse(o.locale); o.locale != "" && err != nil {
		r.refuse("locale", "%q is not a language tag such as fr or nl-BE", o.locale)
	}
	if u, err := url.Parse(o.redirectURL); o.redirectURL != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		r.refuse("redirect_url", "must be an address that begins with https://")
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

func (r optionReader) refuseUnknown() {
	var known []string
	for _, o := range optionHelp {
		known = append(known, o.Name)
	}
	var unknown []string
	for name := range r.values {
		if !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		r.refuse(name, "unknown option; known: %s", strings.Join(known, ", "))
	}
}

func (r optionReader) oneOf(name string, fold func(string) string, allowed []string) string {
	v := fold(r.value(name))
	if v != "" && !slices.Contains(allowed, v) {
		r.refuse(name, "%q is none of %s", r.value(name), strings.Join(allowed, ", "))
	}
	return v
}

func (r optionReader) flag(name string) bool {
	v := r.value(name)
	if v == "" {
		return false
	}
	b, err := strconv.ParseBool(strings.ToLower(v))
	if err != nil {
		r.refuse(name, "%q is neither true nor false", v)
	}
	return b
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
