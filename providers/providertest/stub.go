package providertest

import "testing"

func testHostile(t *testing.T, s *Suite, tp *tap)   {}
func testMutants(t *testing.T, s *Suite, tp *tap)   {}
func testRedirects(t *testing.T, s *Suite, tp *tap) {}
func testDownloads(t *testing.T, s *Suite, tp *tap) {}
func testAddresses(t *testing.T, s *Suite, tp *tap) {}
func testWebhook(t *testing.T, s *Suite, tp *tap)   {}
