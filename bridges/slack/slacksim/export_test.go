package slacksim

// Tiers names the tier of each method served, as the published table does.
func Tiers() map[string]string {
	names := map[tier]string{
		tier1: "Tier1", tier2: "Tier2", tier3: "Tier3", tier4: "Tier4",
		tierAuth: "SpecialTier_auth_test", tierLink: "SpecialTier_chat_getPermalink", tierPost: "SpecialTier_chat_postMessage",
	}
	out := map[string]string{}
	for name, m := range newWorld(Config{}).methods() {
		out[name] = names[m.tier]
	}
	return out
}
