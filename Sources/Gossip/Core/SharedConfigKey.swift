/// Keys of the mesh's shared configuration, and what their values are.
public enum SharedConfigKey {
    /// ``UsersConfig``. The last writer wins.
    public static let users = "users"
    /// ``GroupsConfig``. Concurrent values are joined; see ``MeshView/groups``.
    public static let groups = "groups"
    /// ``BrowserCAConfig``, read by ``BrowserCertificates``. The last writer wins; whoever holds the root next adds what is missing.
    public static let browserCA = "browser-ca"
}
