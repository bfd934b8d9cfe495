package simulate

// sendCommand is a remote command for the instance by SSM.
func (a *actor) sendCommand(i *instance) action {
	return action{
		source: "ssm.amazonaws.com", name: "SendCommand",
		request: object{
			"instanceIds": list{i.id}, "documentName": "AWS-RunShellScript", "interactive": false,
			"parameters": "HIDDEN_DUE_TO_SECURITY_REASONS",
		},
		response: object{"command": object{
			"commandId": guid(a.rng), "documentName": "AWS-RunShellScript", "instanceIds": list{i.id}, "status": "Pending",
			"requestedDateTime": expiration(a.now()), "targetCount": 1, "timeoutSeconds": 3600,
			"parameters": "HIDDEN_DUE_TO_SECURITY_REASONS",
		}},
	}
}

// startSession is an interactive session on the instance by SSM.
func (a *actor) startSession(i *instance, user string) action {
	id := user + "-" + letters(a.rng, "abcdefghijklmnopqrstuvwxyz234567", 26)
	return action{
		source: "ssm.amazonaws.com", name: "StartSession", request: object{"target": i.id},
		response: object{
			"sessionId": id, "tokenValue": "Value hidden due to security reasons.",
			"streamUrl": "wss://ssmmessages." + i.region + ".amazonaws.com/v1/data-channel/" + id + "?role=publish_subscribe",
		},
	}
}

// replaceProfile gives the running instance another role.
func (i *instance) replaceProfile() {
	old := i.role
	i.role = i.newRole(i.acct, old.name+"-v2")
	i.acct.change(i.region, i.ec2Wrapped("ReplaceIamInstanceProfileAssociation",
		object{"AssociationId": hexID(i.rng, "iip-assoc-"), "IamInstanceProfile": object{"Name": i.role.name}},
		object{"iamInstanceProfileAssociation": object{"instanceId": i.id, "state": "associating",
			"iamInstanceProfile": object{"arn": "arn:aws:iam::" + i.acct.id + ":instance-profile/" + i.role.name}}}))
	i.renew()
	i.logIssue()
}

// identityRole has the instance call with its instance-identity role, which AWS
// gives to every instance and issues without a record.
func (i *instance) identityRole() {
	name := i.acct.id + ":aws:ec2-instance"
	r := &role{id: name, name: "aws:ec2-instance", owner: i.acct}
	s := i.assumed(r, i.id, credentialLife)
	s.Session.Issuer.PrincipalID, s.Session.RoleDelivery = name, "2.0"
	i.minted(s.key())
	for range 5 {
		i.sometime(i.period*6, func() {
			i.call(caller{id: &s.identity, from: i.origin("ssm.amazonaws.com"), agent: ssmAgent, witness: &i.witness}, action{
				source: "ssm.amazonaws.com", name: "RequestManagedInstanceRoleToken", request: object{"fingerprint": guid(i.rng)},
			})
		})
	}
}
