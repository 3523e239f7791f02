from local_aws.cli import main

main()
