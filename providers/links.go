package providers

import (
	"context"
	"encoding/json"
	"net/url"
)

// Link is an address at which a signer signs. Whoever holds it can sign in that person's
// name: it stands in no report, log, manifest or task, and is kept only where the user has
// asked for it.
type Link struct {
	Signer  string // name; empty: a page that shows the envelope and belongs to nobody alone
	Email   string
	Address Secret
}

// KeepLinks takes the links that an answer has told.
type KeepLinks func(context.Context, []Link)

const maxLink = 2000 // bytes

// AddLink adds a link to others, unless it is no web address.
func AddLink(links []Link, signer, email, address string) []Link {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxLink || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return links
	}
	return append(links, Link{signer, email, Secret(address)})
}

// LinkText is a link in an answer. What is not a text is none: an answer is not refused for
// a link that may not be wanted.
type LinkText string

// UnmarshalJSON never fails.
func (l *LinkText) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, (*string)(l)) != nil {
		*l = ""
	}
	return nil
}
