/// Keys of the mesh's shared configuration, and what their values are.
public enum SharedConfigKey {
    /// ``UsersConfig``. The last writer wins.
    public static let users = "users"
    /// ``TokensConfig``. The last writer wins.
    public static let tokens = "tokens"
    /// ``GroupsConfig``. Concurrent values are joined; see ``MeshView/groups``.
    public static let groups = "groups"
    /// ``BrowserCAConfig``, read by ``BrowserCertificates``. The last writer wins; whoever holds the root next adds what is missing.
    public static let browserCA = "browser-ca"
    /// ``SealedDataKeys``. The last writer wins.
    public static let dataKey = "data-key"
    /// ``StorageConfig``. The last writer wins.
    public static let storage = "storage"
}
