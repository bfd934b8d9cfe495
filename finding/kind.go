package finding

// The kinds of credentials (Token.Kind) that containment and text know more
// about than "a session of a role". Any other kind is handled as one.
const (
	KindEC2         = "ec2"          // instance profile
	KindECS         = "ecs"          // ECS or Fargate task
	KindPod         = "eks-pod"      // EKS pod identity
	KindLambda      = "lambda"       // function's execution environment
	KindRole        = "role"         // sts:AssumeRole by a user or another role
	KindWebIdentity = "web-identity" // OIDC: CI jobs, IRSA
	KindHuman       = "human"        // Identity Center or SAML
	KindConsole     = "console"      // console sign-in
	KindSTSUser     = "sts-user"     // sts:GetSessionToken of an IAM user
	KindFederated   = "federated"    // sts:GetFederationToken of an IAM user
	KindManaged     = "managed"      // CodeBuild, Glue, SageMaker and their like
	KindHybrid      = "hybrid"       // SSM hybrid node, IAM Roles Anywhere
	KindRoot        = "root"         // sts:AssumeRoot
	KindLongTerm    = "long-term"    // access key of a user: no session, but what a thief makes of one
)
