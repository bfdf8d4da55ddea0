package intake

import (
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// parsePhone returns a phone number as E.164. A number without a country code is
// Brazilian; one of another country begins with + or 00 and that country's own code.
// Digits are never moved nor added, and what can be read in two ways is refused: the
// code by SMS would go to somebody else.
func parsePhone(s string) (string, error) {
	s, err := plainPhone(s)
	if err != nil {
		return "", err
	}
	digits := onlyDigits(s)
	abroad, plus := strings.CutPrefix(digits, "+")
	if !plus {
		var zeros bool
		if abroad, zeros = strings.CutPrefix(digits, "00"); !zeros {
			if len(digits) > 11 {
				digits = strings.TrimPrefix(digits, "55")
			}
			return brazilian(digits)
		}
	}
	if digits, ok := strings.CutPrefix(abroad, "55"); ok {
		return brazilian(digits)
	}
	// Brazilians write area codes after 0, and some after 00 or +.
	if national.MatchString(abroad) && (!plus || brazilianStyle.MatchString(s)) || brazilianMobile.MatchString(s) {
		return "", lang.Errorf("may be a Brazilian number or one of another country: write +55 and the area code, or + and the country's code without zeros before it")
	}
	if !validAbroad(abroad) {
		if national.MatchString(strings.TrimLeft(abroad, "0")) {
			return "", lang.Errorf("is no number of the country whose code it begins with: if it is Brazilian, write +55 before the area code")
		}
		return "", lang.Errorf("is no number of the country whose code it begins with")
	}
	return "+" + abroad, nil
}

const maxPhone = 40

// operatorPlace is the xx of 0xx11, which stands for the code of any operator.
var operatorPlace = regexp.MustCompile(`^((\+?55)? ?\(?0?) ?[xX]{2} ?`)

// plainPhone leaves nothing but ASCII digits, a + in front, and signs between them.
func plainPhone(s string) (string, error) {
	s = strings.TrimPrefix(providers.Trim(providers.WithoutHollow(s)), "'")
	if err := providers.Spoiled(s); err != nil {
		return "", err
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case providers.Blank(r):
			return ' '
		case providers.Dash(r):
			return '-'
		}
		return r
	}, s)
	known := operatorPlace.FindStringIndex(s)
	for i, r := range []rune(s) {
		if i >= maxPhone {
			return "", lang.Errorf("is too long for one phone number: give one number per signer")
		}
		if (known == nil || i >= known[1]) && !strings.ContainsRune("+0123456789 ()-.", r) {
			return "", lang.Errorf("is not a phone number such as (11) 91234-5678 or +55 11 91234-5678: character %d is %s", i+1, providers.Character(r))
		}
	}
	s = operatorPlace.ReplaceAllString(s, "$1")
	if i := strings.LastIndexByte(s, '+'); i > 0 && strings.Trim(s[:i], "( ") != "" {
		return "", lang.Errorf("has a + in the middle: give one number per signer")
	}
	return s, nil
}

// onlyDigits keeps digits and the + in front of them.
func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

const areas = `([14689][1-9]|2[12478]|3[1-578]|5[1345]|7[134579])`

var (
	// national is an area code with a mobile number, nine digits from 9, or a land line,
	// eight digits from 2 to 5.
	national = regexp.MustCompile(`^` + areas + `(9[0-9]{8}|[2-5][0-9]{7})$`)
	// dialled is the same with the 0 that is dialled for other areas, and perhaps the two
	// digits of an operator after it.
	dialled = regexp.MustCompile(`^(?:0(?:[1-9][0-9])?)?(` + areas + `(?:9[0-9]{8}|[2-5][0-9]{7}))$`)
	// brazilianStyle and brazilianMobile are numbers grouped as Brazilians do.
	brazilianStyle  = regexp.MustCompile(`^\(?\+ ?(\([0-9]{2}\)|[0-9]{2}[ ).-]*[0-9]{4,5}-[0-9]{4}$)`)
	brazilianMobile = regexp.MustCompile(`[^0-9]9[0-9]{4}-[0-9]{4}$`)

	area    = regexp.MustCompile(`^` + areas)
	service = regexp.MustCompile(`^0[3589]00`)
)

// brazilian reads the digits of a Brazilian number after its country code, if any.
func brazilian(digits string) (string, error) {
	if m := dialled.FindStringSubmatch(digits); m != nil {
		return "+55" + m[1], nil
	}
	rest := strings.TrimLeft(digits, "0")
	switch n := len(rest); {
	case n == 0:
		return "", lang.Errorf("has no digits but zeros: leave the cell empty when there is no phone")
	case service.MatchString(digits):
		return "", lang.Errorf("is a service number, not a person's: give one such as (11) 91234-5678")
	case n == 8 || n == 9:
		return "", lang.Errorf("has %d digits: the area code is missing, as in (11) 91234-5678", n)
	case n != 10 && n != 11:
		return "", lang.Errorf("has %d digits: a Brazilian number has 10 or 11 with its area code, as in (11) 91234-5678; others begin with + and the country's code", n)
	case !area.MatchString(rest):
		return "", lang.Errorf("does not begin with a Brazilian area code, as in (11) 91234-5678; numbers of other countries begin with + and the country's code")
	case n == 10:
		return "", lang.Errorf("has an area code and eight digits, of which a land line's begin with 2 to 5: a mobile number has a 9 more after the area code, as in (11) 91234-5678")
	}
	return "", lang.Errorf("has an area code and nine digits, which begin with 9 in Brazil, as in (11) 91234-5678; numbers of other countries begin with + and the country's code")
}

// validAbroad tells whether digits, with their country code first, are a number by that
// country's plan, and in the form that the plan has without any prefix.
func validAbroad(digits string) bool {
	n, err := phonenumbers.Parse("+"+digits, "")
	return err == nil && n.GetCountryCode() != 55 && phonenumbers.IsValidNumber(n) &&
		phonenumbers.Format(n, phonenumbers.E164) == "+"+digits
}
