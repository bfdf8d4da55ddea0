package jobs

import (
	"math"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"

	"github.com/chancela/chancela/providers"
)

const (
	maxName  = 250
	maxRole  = 200
	maxOrder = 1000
	maxPage  = 100_000
	// maxPoints is the longest side of a page by the PDF standard.
	maxPoints = 14_400
)

func (c *checker) signer(prefix string, s *providers.Signer) {
	if s.Name = strings.Join(strings.FieldsFunc(s.Name, blank), " "); s.Name == "" {
		c.add(prefix+"name", "is required")
	}
	c.line(prefix+"name", s.Name, maxName)
	c.contact(prefix, s)
	c.identity(prefix, s)

	if s.Order < 0 || s.Order > maxOrder {
		c.add(prefix+"order", "must be a whole number from 1 to %d", maxOrder)
	}
	s.Role = strings.TrimSpace(s.Role)
	c.line(prefix+"role", s.Role, maxRole)
	s.Type = word(s.Type)
	c.oneOf(prefix+"type", s.Type, providers.TypeElectronic, providers.TypeDigital, providers.TypeApprover, providers.TypeViewer)
	if s.Stamp != nil {
		c.stamp(prefix+"stamp", *s.Stamp)
	}
}

// blank is a space or tab of any kind; line breaks stay, to be refused.
func blank(r rune) bool { return r == '\t' || unicode.Is(unicode.Zs, r) }

// contact checks how a signer is reached.
func (c *checker) contact(prefix string, s *providers.Signer) {
	s.Email, s.Phone = strings.TrimSpace(s.Email), strings.TrimSpace(s.Phone)
	given := map[string]bool{
		providers.ChannelEmail:    s.Email != "",
		providers.ChannelSMS:      s.Phone != "",
		providers.ChannelWhatsApp: s.Phone != "",
	}
	if s.Email == "" && s.Phone == "" {
		c.add(prefix+"email", "an e-mail address or a phone is required")
	}
	if s.Email != "" {
		if email, ok := cleanEmail(s.Email); ok {
			s.Email = email
		} else {
			c.add(prefix+"email", "is not an e-mail address such as name@example.com")
		}
	}
	if s.Phone != "" {
		if phone, ok := cleanPhone(s.Phone); ok {
			s.Phone = phone
		} else {
			c.add(prefix+"phone", "is not a phone number such as (11) 91234-5678 or +55 11 91234-5678")
		}
	}
	s.Channel, s.Auth = word(s.Channel), word(s.Auth)
	c.channel(prefix+"channel", s.Channel, given)
	c.channel(prefix+"auth", s.Auth, given)
}

func (c *checker) channel(field, channel string, given map[string]bool) {
	if !c.oneOf(field, channel, providers.ChannelEmail, providers.ChannelSMS, providers.ChannelWhatsApp) || given[channel] {
		return
	}
	if channel == providers.ChannelEmail {
		c.add(field, "email needs the signer's e-mail address")
	} else {
		c.add(field, "%s needs the signer's phone", channel)
	}
}

// identity checks who a signer is.
func (c *checker) identity(prefix string, s *providers.Signer) {
	if s.Document = providers.CleanTaxID(strings.TrimSpace(s.Document)); s.Document != "" && !providers.ValidTaxID(s.Document) {
		const hint = "is not a CPF (11 digits) or CNPJ (14 characters) with right check digits"
		switch len(s.Document) {
		case 9, 10, 12, 13:
			c.add(prefix+"document", hint+": a character is missing, perhaps a zero in front that a spreadsheet took away")
		default:
			c.add(prefix+"document", hint)
		}
	}
	if s.Birthdate = strings.TrimSpace(s.Birthdate); s.Birthdate != "" {
		day, ok := parseDate(s.Birthdate)
		switch {
		case !ok:
			c.add(prefix+"birthdate", "must be a date such as 1980-12-31 or 31/12/1980")
		case day.After(c.now):
			c.add(prefix+"birthdate", "is in the future")
		case day.Year() < 1900 && !s.IsCompany(): // a company's is its founding date
			c.add(prefix+"birthdate", "is before 1900")
		default:
			s.Birthdate = day.Format(time.DateOnly)
		}
	}
	s.IDType = word(s.IDType)
	c.oneOf(prefix+"id_type", s.IDType, "cnh", "rg")
	s.IDFront = c.image(prefix+"id_front", s.IDFront)
	s.IDBack = c.image(prefix+"id_back", s.IDBack)
	images := s.IDFront != nil || s.IDBack != nil
	if images && s.IDType == "" {
		c.add(prefix+"id_type", "is required with id_front and id_back: cnh or rg")
	}
	if !images && s.IDType != "" {
		c.add(prefix+"id_type", "needs the images: id_front, id_back")
	}
}

func (c *checker) image(field string, d *providers.Document) *providers.Document {
	if d == nil {
		return nil
	}
	clean := *d
	c.document(field, "", &clean)
	return &clean
}

func (c *checker) stamp(field string, s providers.Stamp) {
	if s.Page < 1 || s.Page > maxPage {
		c.add(field, "the page must be 1 or more")
	}
	for _, points := range []float64{s.X, s.Y, s.Width, s.Height} {
		if math.IsNaN(points) || points < 0 || points > maxPoints {
			c.add(field, "positions and sizes are points from 0 to %d", maxPoints)
			return
		}
	}
	if s.Width == 0 || s.Height == 0 {
		c.add(field, "width and height must be more than 0")
	}
}

var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// cleanEmail accepts a bare address and gives it with its domain in lower-case ASCII.
// Display names, comments, quoted local parts, address literals and local parts outside
// ASCII are refused: legal somewhere, a typing mistake here (a choice).
func cleanEmail(s string) (string, bool) {
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Name != "" || parsed.Address != s {
		return "", false
	}
	at := strings.LastIndexByte(s, '@')
	local, domain := s[:at], s[at+1:]
	if len(local) > 64 || strings.ContainsFunc(local, func(r rune) bool { return r > unicode.MaxASCII }) {
		return "", false
	}
	domain, err = domains.ToASCII(domain)
	if err != nil {
		return "", false
	}
	dot := strings.LastIndexByte(domain, '.')
	if dot < 1 || len(domain)-dot < 3 || strings.Trim(domain[dot+1:], "0123456789") == "" || len(local)+1+len(domain) > 254 {
		return "", false
	}
	return local + "@" + domain, true
}

// cleanPhone gives a phone number as E.164; without a country code it is Brazilian.
func cleanPhone(s string) (string, bool) {
	if len(s) > 40 || strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("+0123456789 ()-.", r) }) {
		return "", false
	}
	number, err := phonenumbers.Parse(s, "BR")
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", false
	}
	return phonenumbers.Format(number, phonenumbers.E164), true
}
