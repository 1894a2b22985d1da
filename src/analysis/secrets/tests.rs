use super::field;

#[test]
fn fields_are_spelt_as_people_write_them() {
    assert_eq!(field("/spec/managed/roles/0/passwordSecret/name"), "spec.managed.roles[0].passwordSecret");
    assert_eq!(field("/spec/listeners/1/tls/certificateRefs/0/name"), "spec.listeners[1].tls.certificateRefs[0]");
    assert_eq!(field("/spec/volumes/0/secret/secretName"), "spec.volumes[0].secret.secretName");
}
