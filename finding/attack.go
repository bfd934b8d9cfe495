package finding

// MITRE ATT&CK techniques that Attack names.
const (
	TechniqueInstanceMetadata = "T1552.005" // Unsecured Credentials: Cloud Instance Metadata API (TA0006)
	TechniqueCloudAccounts    = "T1078.004" // Valid Accounts: Cloud Accounts (TA0001)
	TechniqueTokenUse         = "T1550.001" // Use Alternate Authentication Material: Application Access Token (TA0008)
	TechniqueAccountDiscovery = "T1087.004" // Account Discovery: Cloud Account (TA0007)
)

// Attack lists the techniques that the use of a stolen token of a kind shows,
// in the order of the attack. callerIdentity tells that the intruder called
// sts:GetCallerIdentity.
func Attack(kind string, callerIdentity bool) []string {
	var techniques []string
	switch kind {
	case KindEC2, KindECS, KindPod: // their credentials come from a metadata endpoint
		techniques = append(techniques, TechniqueInstanceMetadata)
	}
	techniques = append(techniques, TechniqueCloudAccounts, TechniqueTokenUse)
	if callerIdentity {
		techniques = append(techniques, TechniqueAccountDiscovery)
	}
	return techniques
}
