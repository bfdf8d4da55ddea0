package sdoc

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/chancela/chancela/providers"
)

// The steps that keep where the solicitation goes.
const (
	stepOrganization = "organization"
	stepFolder       = "folder"
)

// Identifiers have a fixed length (reference §5), but so have some names ("Financeiro"),
// and their alphabet is not documented. What is surely one, capitals and a digit, costs
// no look-up; anything else is looked for, as an identifier too (our choice).
var (
	plainID = regexp.MustCompile(`^[A-Z0-9]*[0-9][A-Z0-9]*$`)
	lengths = map[string]int{stepOrganization: 20, stepFolder: 10}
)

func isIdentifier(step, s string) bool { return len(s) == lengths[step] && plainID.MatchString(s) }

// preparePlace finds the account and the folder that the options name.
func (p *Provider) preparePlace(ctx context.Context, job *providers.Job) error {
	wanted := job.Envelope.Option(optOrganization)
	if wanted == "" {
		return nil
	}
	account, err := job.Step(ctx, stepOrganization, func(ctx context.Context) (string, error) {
		if isIdentifier(stepOrganization, wanted) {
			return wanted, nil
		}
		all, err := p.client.organizations(ctx)
		if err != nil {
			return "", err
		}
		ids := make(map[string][]string)
		for _, o := range all {
			ids[o.Identifier] = []string{o.Identifier}
			ids[o.Name] = append(ids[o.Name], o.Identifier)
		}
		return choose("account", wanted, ids[wanted])
	})
	if err != nil {
		return err
	}
	if wanted = job.Envelope.Option(optFolder); wanted == "" {
		return nil
	}
	_, err = job.Step(ctx, stepFolder, func(ctx context.Context) (string, error) {
		if isIdentifier(stepFolder, wanted) {
			return wanted, nil
		}
		tree, err := p.client.folders(ctx, account)
		if err != nil {
			return "", err
		}
		return choose("folder", wanted, findFolder(tree, strings.Trim(wanted, "/")))
	})
	return err
}

func choose(what, wanted string, ids []string) (string, error) {
	if len(ids) == 1 && ids[0] != "" {
		return ids[0], nil
	}
	return "", &providers.Error{Kind: providers.Invalid, Provider: Name, Code: what + "_not_found",
		Err: fmt.Errorf("the platform has %d %ss %q, need one", len(ids), what, wanted)}
}

// findFolder finds folders by identifier, by path from the root, or by name: the first
// of these that finds any.
func findFolder(tree []folder, wanted string) []string {
	var byID, byPath, byName []string
	var walk func(level []folder, prefix string)
	walk = func(level []folder, prefix string) {
		for _, f := range level {
			if f.Identifier == wanted {
				byID = append(byID, f.Identifier)
			}
			if prefix+f.Name == wanted {
				byPath = append(byPath, f.Identifier)
			}
			if f.Name == wanted {
				byName = append(byName, f.Identifier)
			}
			walk(f.SubFolders, prefix+f.Name+"/")
		}
	}
	walk(tree, "")
	for _, found := range [][]string{byID, byPath, byName} {
		if len(found) > 0 {
			return found
		}
	}
	return nil
}
