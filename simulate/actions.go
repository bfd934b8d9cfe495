package simulate

import (
	"fmt"
	"time"
)

// work is one thing that an application does: it makes the call's content.
type work func(a *actor) action

// The profiles are what kinds of applications do, the frequent things repeated.

func webApplication() []work {
	return []work{getObject, getObject, putObject, getItem, getItem, getItem, sendMessage, getSecret, decrypt, putMetric, getParameter}
}

func queueWorker() []work {
	return []work{receiveMessage, receiveMessage, receiveMessage, getItem, putItem, putObject, generateDataKey, getSecret, publish, putMetric}
}

func reporting() []work {
	return []work{listBucket, getObject, getObject, putObject, queryItems, describeTable, getParameter, logStream, generateDataKey}
}

// infrastructure is what Terraform and people with administrative roles read.
func infrastructure() []work {
	return []work{
		callerIdentity, describe("DescribeInstances"), describe("DescribeVpcs"), describe("DescribeSubnets"),
		describe("DescribeSecurityGroups"), describe("DescribeRouteTables"), describe("DescribeNatGateways"),
		plainRead("iam", "ListRoles"), plainRead("s3", "ListBuckets"), plainRead("rds", "DescribeDBInstances"),
		plainRead("lambda", "ListFunctions20150331"), plainRead("elasticloadbalancing", "DescribeLoadBalancers"),
	}
}

func getObject(a *actor) action {
	return a.objectCall("GetObject", true, fmt.Sprintf("2026/%02d/%s.json", 1+a.rng.IntN(12), hexDigits(a.rng, 12)))
}

func putObject(a *actor) action {
	return a.objectCall("PutObject", false, fmt.Sprintf("out/%s.parquet", hexDigits(a.rng, 16)))
}

// objectCall is an S3 data event.
func (a *actor) objectCall(name string, read bool, key string) action {
	bucket := pick(a, a.acct.buckets)
	host := bucket + ".s3." + a.region + ".amazonaws.com"
	act := action{
		source: "s3.amazonaws.com", name: name, read: read, data: true, host: host,
		request:    object{"bucketName": bucket, "Host": host, "key": key},
		additional: a.s3Additional(),
		resources: []resource{
			{Type: "AWS::S3::Object", ARN: "arn:aws:s3:::" + bucket + "/" + key},
			{AccountID: a.acct.id, Type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::" + bucket},
		},
	}
	if !read {
		act.response = object{"x-amz-server-side-encryption": "AES256", "x-amz-version-id": letters(a.rng, alphanumeric, 32)}
	}
	return act
}

func (a *actor) s3Additional() object {
	return object{
		"SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256", "AuthenticationMethod": "AuthHeader",
		"bytesTransferredIn": 0, "bytesTransferredOut": a.rng.IntN(90_000),
		"x-amz-id-2": letters(a.rng, alphanumeric, 75) + "=",
	}
}

func listBucket(a *actor) action {
	act := a.objectCall("ListObjects", true, "")
	act.request = object{"bucketName": pick(a, a.acct.buckets), "list-type": "2", "prefix": "2026/", "Host": act.host}
	act.resources = act.resources[1:]
	return act
}

func getItem(a *actor) action    { return a.tableCall("GetItem", true) }
func putItem(a *actor) action    { return a.tableCall("PutItem", false) }
func queryItems(a *actor) action { return a.tableCall("Query", true) }

// tableCall is a DynamoDB data event.
func (a *actor) tableCall(name string, read bool) action {
	table := pick(a, a.acct.tables)
	return action{
		source: "dynamodb.amazonaws.com", name: name, read: read, data: true,
		request: object{"tableName": table, "key": object{"pk": hexDigits(a.rng, 10)}, "consistentRead": false},
		resources: []resource{{AccountID: a.acct.id, Type: "AWS::DynamoDB::Table",
			ARN: a.arn("dynamodb", "table/"+table)}},
	}
}

func describeTable(a *actor) action {
	return action{
		source: "dynamodb.amazonaws.com", name: "DescribeTable", read: true,
		request: object{"tableName": pick(a, a.acct.tables)},
	}
}

func receiveMessage(a *actor) action { return a.queueCall("ReceiveMessage") }
func sendMessage(a *actor) action    { return a.queueCall("SendMessage") }

// queueCall is an SQS data event.
func (a *actor) queueCall(name string) action {
	queue := pick(a, a.acct.queues)
	return action{
		source: "sqs.amazonaws.com", name: name, data: true,
		request: object{
			"queueUrl": "https://sqs." + a.region + ".amazonaws.com/" + a.acct.id + "/" + queue, "maxNumberOfMessages": 10,
		},
		resources: []resource{{AccountID: a.acct.id, Type: "AWS::SQS::Queue", ARN: a.arn("sqs", queue)}},
	}
}

func getSecret(a *actor) action {
	secret := a.arn("secretsmanager", "secret:"+pick(a, a.acct.secrets))
	return action{
		source: "secretsmanager.amazonaws.com", name: "GetSecretValue", read: true,
		request:   object{"secretId": secret, "versionStage": "AWSCURRENT"},
		resources: []resource{{AccountID: a.acct.id, Type: "AWS::SecretsManager::Secret", ARN: secret}},
	}
}

func decrypt(a *actor) action {
	return a.keyCall("Decrypt", object{"encryptionAlgorithm": "SYMMETRIC_DEFAULT"})
}

func generateDataKey(a *actor) action {
	return a.keyCall("GenerateDataKey", object{"keySpec": "AES_256"})
}

func (a *actor) keyCall(name string, request object) action {
	arn := a.arn("kms", "key/"+pick(a, a.acct.keys))
	request["encryptionContext"] = object{"application": "acme", "table": pick(a, a.acct.tables)}
	request["keyId"] = arn
	return action{
		source: "kms.amazonaws.com", name: name, read: true, request: request,
		resources: []resource{{AccountID: a.acct.id, Type: "AWS::KMS::Key", ARN: arn}},
	}
}

func getParameter(a *actor) action {
	return action{
		source: "ssm.amazonaws.com", name: "GetParameter", read: true,
		request: object{"name": "/acme/prod/" + pick(a, a.acct.tables), "withDecryption": true},
	}
}

func publish(a *actor) action {
	return action{
		source: "sns.amazonaws.com", name: "Publish", data: true,
		request:  object{"topicArn": a.arn("sns", "notices"), "message": "HIDDEN_DUE_TO_SECURITY_REASONS"},
		response: object{"messageId": guid(a.rng)},
	}
}

func putMetric(a *actor) action {
	return action{
		source: "monitoring.amazonaws.com", name: "PutMetricData", data: true,
		request: object{"namespace": "Acme/Application", "metricData": list{object{"metricName": "latency", "unit": "Milliseconds"}}},
	}
}

func logStream(a *actor) action {
	return action{
		source: "logs.amazonaws.com", name: "CreateLogStream",
		request: object{"logGroupName": "/acme/reporting", "logStreamName": guid(a.rng)},
	}
}

func callerIdentity(*actor) action {
	return action{source: "sts.amazonaws.com", name: "GetCallerIdentity", read: true}
}

func describe(name string) work {
	return func(a *actor) action {
		return action{source: "ec2.amazonaws.com", name: name, read: true, request: object{
			"filterSet": object{"items": list{object{
				"name": "tag:Environment", "valueSet": object{"items": list{object{"value": "prod"}}}}}},
			"maxResults": 100 + a.rng.IntN(900),
		}}
	}
}

func plainRead(service, name string) work {
	return func(*actor) action { return action{source: service + ".amazonaws.com", name: name, read: true} }
}

// denied turns the action into one that IAM refuses to the caller.
func denied(id *identity, act action) action {
	act.failure = "AccessDenied"
	if act.source == "ec2.amazonaws.com" {
		act.failure = "Client.UnauthorizedOperation"
	}
	service := act.source[:len(act.source)-len(".amazonaws.com")]
	act.message = "User: " + id.ARN + " is not authorized to perform: " + service + ":" + act.name +
		" because no identity-based policy allows the " + service + ":" + act.name + " action"
	act.response = nil
	return act
}

// day is used by actors that think in working days.
const day = 24 * time.Hour
