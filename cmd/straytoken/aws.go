package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/spf13/pflag"
)

// awsFlags are the flags beside the usual AWS environment (AWS_REGION,
// AWS_PROFILE, AWS_ENDPOINT_URL_KINESIS, …), which the SDK reads by itself.
type awsFlags struct {
	region, profile              string
	kinesisEndpoint, ddbEndpoint string
}

func (a *awsFlags) add(f *pflag.FlagSet) {
	f.StringVar(&a.region, "region", "", "AWS region (default: AWS_REGION or the profile's)")
	f.StringVar(&a.profile, "profile", "", "AWS profile (default: AWS_PROFILE)")
	f.StringVar(&a.kinesisEndpoint, "kinesis-endpoint", "", "URL of another Kinesis endpoint (default: AWS_ENDPOINT_URL_KINESIS or AWS's)")
}

func (a *awsFlags) addDynamo(f *pflag.FlagSet) {
	f.StringVar(&a.ddbEndpoint, "dynamodb-endpoint", "", "URL of another DynamoDB endpoint (default: AWS_ENDPOINT_URL_DYNAMODB or AWS's)")
}

// load reads the AWS configuration, with more retries than usual: a stream
// processor has time.
func (a *awsFlags) load(ctx context.Context) (aws.Config, error) {
	options := []func(*awsconfig.LoadOptions) error{awsconfig.WithRetryMaxAttempts(5)}
	if a.region != "" {
		options = append(options, awsconfig.WithRegion(a.region))
	}
	if a.profile != "" {
		options = append(options, awsconfig.WithSharedConfigProfile(a.profile))
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return cfg, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return cfg, coded{exitUsage, fmt.Errorf("no AWS region is configured: set AWS_REGION or --region")}
	}
	return cfg, nil
}

func (a *awsFlags) kinesis(cfg aws.Config) *kinesis.Client {
	return kinesis.NewFromConfig(cfg, func(o *kinesis.Options) {
		if a.kinesisEndpoint != "" {
			o.BaseEndpoint = &a.kinesisEndpoint
		}
	})
}

func (a *awsFlags) dynamo(cfg aws.Config) *dynamodb.Client {
	return dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
		if a.ddbEndpoint != "" {
			o.BaseEndpoint = &a.ddbEndpoint
		}
	})
}
