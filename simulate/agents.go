package simulate

// User agents, as real clients send them.
const (
	boto3      = "Boto3/1.34.145 md/Botocore#1.34.145 ua/2.0 os/linux#6.1.102-111.182.amzn2023.x86_64 md/arch#x86_64 lang/python#3.11.9 md/pyimpl#CPython cfg/retry-mode#standard Botocore/1.34.145"
	goSDK      = "aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#amd64 api/s3#1.58.2"
	javaSDK    = "aws-sdk-java/2.26.20 Linux/6.1.102-111.182.amzn2023.x86_64 OpenJDK_64-Bit_Server_VM/21.0.4+7-LTS Java/21.0.4 vendor/Amazon.com_Inc. io/sync http/Apache cfg/retry-mode/standard"
	nodeSDK    = "aws-sdk-js/3.614.0 ua/2.0 os/linux#6.1.102 lang/js md/nodejs#20.15.1 api/sqs#3.614.0 m/E"
	oldGoSDK   = "aws-sdk-go/1.44.157 (go1.19.3; linux; amd64)"
	ssmAgent   = "aws-sdk-go/1.55.5 (go1.22.5; linux; amd64) amazon-ssm-agent/3.3.987.0"
	cwAgent    = "AmazonCloudWatchAgent/1.300044.0b793 (go1.22.4; linux; amd64) aws-sdk-go/1.48.6"
	cliLinux   = "aws-cli/2.17.18 md/awscrt#0.20.11 ua/2.0 os/linux#6.1.102-111.182.amzn2023.x86_64 md/arch#x86_64 lang/python#3.11.9 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off"
	cliMac     = "aws-cli/2.17.18 md/awscrt#0.20.11 ua/2.0 os/macos#23.5.0 md/arch#arm64 lang/python#3.11.9 md/pyimpl#CPython cfg/retry-mode#standard md/installer#source md/prompt#off"
	cliWindows = "aws-cli/2.15.30 Python/3.11.8 Windows/10 exe/AMD64 prompt/off"
	cliKali    = "aws-cli/2.15.22 md/awscrt#1.0.0 ua/2.0 os/linux#6.8.11-amd64 md/arch#x86_64 lang/python#3.11.9 md/pyimpl#CPython cfg/retry-mode#standard md/distrib#kali.2024.3 md/installer#source"
	pacu       = "Boto3/1.26.165 Python/3.10.6 Linux/5.19.0-46-generic Botocore/1.29.165"
	firefox    = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
	safari     = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15"
	chrome     = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Safari/537.36"
	s3Console  = "S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10.220-187.867.amzn2int.x86_64 OpenJDK_64-Bit_Server_VM/25.412-b09 java/1.8.0_412 vendor/Oracle_Corporation cfg/retry-mode/standard"
	lambdaPy   = "Boto3/1.34.145 md/Botocore#1.34.145 ua/2.0 os/linux#5.10.226-235.879.amzn2.x86_64 md/arch#x86_64 lang/python#3.12.6 md/pyimpl#CPython exec-env/AWS_Lambda_python3.12 cfg/retry-mode#legacy Botocore/1.34.145"
	lambdaNode = "aws-sdk-js/3.632.0 ua/2.0 os/linux#5.10.226 lang/js md/nodejs#20.18.0 exec-env/AWS_Lambda_nodejs20.x api/dynamodb#3.632.0"
	fargate    = "aws-sdk-java/2.26.20 Linux/5.10.223-212.873.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/21.0.4+7-LTS Java/21.0.4 exec-env/AWS_ECS_FARGATE io/sync http/Apache cfg/retry-mode/legacy"
	podAgent   = "Boto3/1.34.145 md/Botocore#1.34.145 ua/2.0 os/linux#6.1.102-111.182.amzn2023.x86_64 md/arch#x86_64 lang/python#3.12.4 md/pyimpl#CPython exec-env/EKS cfg/retry-mode#standard Botocore/1.34.145"
	cloudShell = "aws-cli/2.17.18 md/awscrt#0.20.11 ua/2.0 os/linux#6.1.94-99.176.amzn2023.x86_64 md/arch#x86_64 lang/python#3.11.9 md/pyimpl#CPython exec-env/CloudShell cfg/retry-mode#standard md/installer#exe"
	mobileSDK  = "aws-sdk-kotlin/1.2.50 ua/2.1 os/android#14 lang/kotlin#1.9.24 md/jvmVersion#17 api/dynamodb#1.2.50"
)
