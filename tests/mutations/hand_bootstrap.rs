//! Faults made by hand in the bootstrap root.

use super::hand::Edit::{Beta, Cut, Drop, Swap};
use super::hand::Fault;
use super::hand_kubernetes::faults;

/// The table; files are below the folder of the root.
pub const FAULTS: &[Fault] = faults! {
    "identities of beta", "locals.tf", "", Beta, "the jobs of another environment change production";
    "tokens of every repository", "locals.tf", "", Swap("repo:acme/platform:environment:production", "repo:acme/*:environment:production"), "whoever makes a repository there changes production";
    "tokens of pull requests apply", "locals.tf", "", Swap("repo:acme/platform:environment:production", "repo:acme/platform:pull_request"), "whoever proposes a change has made it";
    "tokens of every branch apply", "locals.tf", "", Cut("          \"token.actions.githubusercontent.com:ref\" = [\"refs/heads/main\"]\n"), "any branch changes production";
    "tokens for others", "locals.tf", "", Swap("[\"sts.amazonaws.com\"]", "[\"other\"]"), "a token that was issued for another service opens the account";
    "roles of every name", "locals.tf", "", Swap("role/acme-production-eu-west-1*", "role/*"), "a pipeline changes the roles of administrators";
    "any region", "locals.tf", "", Swap("allowed_regions = [", "allowed_regions = [\"ap-south-1\", "), "machines start where nobody looks";
    "plan that changes", "pipelines.tf", "", Swap("policy = \"read\"", "policy = \"network\""), "a proposed change is made before anybody has read it";
    "sessions of half a day", "pipelines.tf", "", Swap("max_session_duration = 3600", "max_session_duration = 43200"), "credentials of a job outlive it";
    "pipelines without the boundary", "pipelines.tf", "", Cut("  permissions_boundary = local.boundary_arn\n"), "a pipeline gives itself every right";
    "any identity provider", "pipelines.tf", "", Swap("https://${local.issuer}", "https://tokens.example"), "the tokens of the CI system open nothing";
    "boundary gone", "boundary.tf", "", Drop, "no role can be made";
    "boundary that anybody changes", "boundary.tf", "", Swap("\"iam:Create*\", ", ""), "a pipeline writes a wider boundary";
    "roles without the boundary", "boundary.tf", "", Cut("        Condition = { StringNotEquals = { \"iam:PermissionsBoundary\" = local.boundary_arn } }\n"), "no role can be made";
    "roles with another boundary", "boundary.tf", "", Swap("\"iam:CreateRole\", ", ""), "a pipeline makes a role with every right";
    "trail stopped", "boundary.tf", "", Swap("\"cloudtrail:Stop*\", ", ""), "nobody sees what a stolen token did";
    "versions of states deleted", "boundary.tf", "", Swap("\"s3:DeleteObjectVersion*\", ", ""), "there is no way back";
    "bootstrap by pipelines", "boundary.tf", "", Swap("/bootstrap/*", "/other/*"), "a pipeline changes its own rights";
    "every role passed on", "pipeline_roles.tf", "", Cut("      Condition = { StringEquals = { \"iam:PassedToService\" = [\"ec2.amazonaws.com\", \"eks.amazonaws.com\", \"pods.eks.amazonaws.com\", \"vpc-flow-logs.amazonaws.com\"] } }\n"), "a function runs with the rights of nodes";
    "no clusters", "pipeline_cluster.tf", "", Swap("\"eks:CreateNodegroup\", ", ""), "an apply stops in the middle";
    "anybody signs in", "pipeline_cluster.tf", "", Cut("      Condition = { ArnLike = { \"eks:principalArn\" = concat([\"arn:aws:iam::${local.account}:role/aws-reserved/sso.amazonaws.com/*\"], local.cluster_administrators) } }\n"), "a pipeline lets itself in";
    "everybody administers", "pipeline_cluster.tf", "", Swap("/${own.administrator}/*", "/*"), "a pipeline gives people every right";
    "keys of others", "pipeline_cluster.tf", "", Cut("      Condition = { StringEquals = { \"aws:ResourceTag/environment\" = local.environment, \"aws:ResourceTag/managed_by\" = \"platgen\" } }\n"), "a pipeline deletes keys of databases";
    "buckets of apps", "boundary.tf", "", Swap("\"s3:PutLifecycleConfiguration\", \"s3:PutReplicationConfiguration\"]\n        Resource  = ", "\"s3:PutReplicationConfiguration\"]\n        Resource  = "), "an app with every right to S3 lets its objects expire";
    "keys of buckets", "boundary.tf", "", Swap("\"kms:DeleteAlias\", \"kms:Disable*\", \"kms:PutKeyPolicy\", \"kms:ScheduleKeyDeletion\", \"kms:UpdateAlias\"", "\"kms:DeleteAlias\", \"kms:Disable*\", \"kms:UpdateAlias\""), "all objects are lost with their key";
    "code of others", "boundary.tf", "", Swap("\"lambda:Update*\", ", ""), "a role changes a function that has more rights";
    "no networks", "pipeline_network.tf", "", Swap("\"ec2:CreateSubnet\", ", ""), "an apply stops in the middle";
    "machines of every kind", "pipeline_network.tf", "", Cut("      Condition = { ArnLike = { \"ec2:LaunchTemplate\" = [for region in keys(local.regions) : \"arn:aws:ec2:${region}:${local.account}:launch-template/*\"] } }\n"), "a stolen token mines coins";
    "no copies", "pipeline_data.tf", "", Swap("\"s3:PutReplicationConfiguration\", ", ""), "an apply stops in the middle";
    "buckets that nobody locks", "pipeline_data.tf", "", Swap("\"s3:PutBucketObjectLockConfiguration\", ", ""), "an apply stops in the middle";
    "aliases of copies that nobody makes", "pipeline_data.tf", "", Swap("\"kms:CreateAlias\", ", ""), "an apply stops in the middle";
    "buckets of everybody", "pipeline_data.tf", "", Swap("[for name in flatten(values(local.buckets)) : \"arn:aws:s3:::${name}\"]", "[\"arn:aws:s3:::*\"]"), "a pipeline changes the buckets of another environment";
    "buckets deleted by pipelines", "pipeline_data.tf", "", Swap("\"s3:CreateBucket\", ", "\"s3:CreateBucket\", \"s3:DeleteBucket\", "), "a mistake takes an empty bucket and its name";
    "the copier passed on", "pipeline_data.tf", "", Swap("\"s3.amazonaws.com\"", "\"lambda.amazonaws.com\""), "an apply stops in the middle, and a function copies objects";
    "no alarms", "pipeline_global.tf", "", Swap("\"events:PutRule\", ", ""), "an apply stops in the middle";
    "plan reads secrets", "pipeline_read.tf", "", Swap("\"route53:Get*\", ", "\"route53:Get*\", \"secretsmanager:Get*\", "), "a pull request prints the passwords of production";
    "plan decrypts everything", "pipeline_read.tf", "", Cut("      Condition = { \"ForAnyValue:StringEquals\" = { \"kms:ResourceAliases\" = \"alias/${local.state_key}\" } }\n"), "a pull request decrypts what it finds";
    "states deleted", "pipeline_read.tf", "", Swap("/*.tflock", "/*"), "a mistake takes the state with it";
    "anybody bootstraps", "access.tf", "", Swap("precondition {", "postcondition {"), "whoever applied it is locked out afterwards";
    "plan writes states", "access.tf", "", Swap("[\"arn:aws:iam::${local.account}:role/${local.pipelines.apply.role}\"]", "[for pipeline in local.pipelines : \"arn:aws:iam::${local.account}:role/${pipeline.role}\"]"), "one guard less";
};
